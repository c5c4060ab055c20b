import { expect, test } from 'vitest'
import { ConfigMap } from '../api/core/config-map/kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { AdmissionPlugin } from './admission.ts'
import { AdmissionChain, type AdmissionInput } from './admission-chain.ts'
import { fakeRequest } from './testing/fake-request.ts'

const user = { name: 'jane', groups: [] }
const input = (operation: AdmissionInput['operation']): AdmissionInput => ({
  operation,
  declaration: ConfigMap,
  subresource: '',
  namespace: 'default',
  name: 'm',
  object: { metadata: { name: 'm' } },
  oldObject: undefined,
  dryRun: false,
  options: {},
  request: fakeRequest({ user }),
})

const labelled = (object: KubernetesObject, key: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata?.labels, [key]: '' } },
})

test('mutate() runs all plugins a second time, and no third, when one asks for it', async () => {
  const seen: string[] = []
  const note = (name: string): AdmissionPlugin => ({
    name,
    handles: () => true,
    mutate: async (attributes, object) => {
      seen.push(`${name} ${attributes.round}`)
      if (name === 'second') attributes.reinvoke()
      return labelled(object, `${name}-${attributes.round}`)
    },
  })
  const chain = new AdmissionChain([note('first'), note('second')])
  const object = await chain.mutate(input('CREATE'), { metadata: { name: 'm' } })
  expect(seen).toEqual(['first 0', 'second 0', 'first 1', 'second 1'])
  expect(Object.keys(object.metadata?.labels ?? {})).toHaveLength(4)
})

test('a plugin is asked what it handles once, and again when it says so', () => {
  let asked = 0
  let changed = (): void => {}
  const refused: string[] = []
  const chain = new AdmissionChain([
    {
      name: 'configured',
      handles: () => ++asked > 1,
      onChange: (callback) => {
        changed = callback
      },
      validate: ({ name }) => void refused.push(name),
    },
  ])
  chain.validate(input('CREATE'))
  chain.validate(input('CREATE'))
  expect([asked, refused]).toEqual([1, []])
  changed()
  chain.validate(input('CREATE'))
  expect([asked, refused]).toEqual([2, ['m']])
})

test('admitDeletion() lets the mutating plugins speak first', async () => {
  const steps: string[] = []
  const chain = new AdmissionChain([
    { name: 'a', handles: () => true, validate: () => void steps.push('validate') },
    { name: 'b', handles: () => true, mutateDeletion: async () => void steps.push('mutate') },
  ])
  await chain.admitDeletion(input('DELETE'))
  expect(steps).toEqual(['mutate', 'validate'])
})
