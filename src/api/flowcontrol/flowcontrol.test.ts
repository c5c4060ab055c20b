import { expect, test } from 'vitest'
import { created, rejections } from '../testing/rejections.ts'
import { FlowSchema } from './flow-schema/kind.ts'
import { PriorityLevelConfiguration } from './priority-level-configuration/kind.ts'

const metadata = { name: 'x' }

test('PriorityLevelConfiguration.defaults() fills in shares and queues', () => {
  const limited = { limitResponse: { type: 'Queue', queuing: {} } }
  expect(created(PriorityLevelConfiguration, { metadata, spec: { type: 'Limited', limited } }).spec).toEqual({
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: 30,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } },
    },
  })
})

test('PriorityLevelConfiguration.validate() wants hands that can be dealt', () => {
  const queuing = { handSize: 9, queues: 8, queueLengthLimit: 1 }
  const limited = { limitResponse: { type: 'Queue', queuing } }
  expect(rejections(PriorityLevelConfiguration, { metadata, spec: { type: 'Limited', limited } })).toEqual([
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 9: should not be greater than queues (8)',
  ])
})

test('FlowSchema.validate() wants a level, subjects and rules', () => {
  const spec = {
    priorityLevelConfiguration: { name: '' },
    rules: [{ subjects: [{ kind: 'User', group: { name: 'g' } }] }],
  }
  expect(rejections(FlowSchema, { metadata, spec })).toEqual([
    'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
    "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
    "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
    'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
  ])
})
