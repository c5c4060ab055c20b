import { describe, expect, test } from 'vitest'
import { defaultFeatures, featureGates } from '../../feature-gates.ts'
import type { batch } from '../../generated/types/index.ts'
import { commonIndex, countIndexes } from './index-intervals.ts'
import { Job } from './kind.ts'

const create = { nowMs: 0, features: defaultFeatures, subresource: '' }
const status = { nowMs: 0, features: defaultFeatures, subresource: 'status' }

function job(spec: Partial<batch.v1.JobSpec> = {}, state: batch.v1.JobStatus = {}): batch.v1.Job {
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1' }] },
  }
  const metadata = { name: 'pi', namespace: 'default', uid: 'u1' }
  const bare = Job.defaults({ metadata, spec: { template, ...spec } })
  return { ...Job.prepareForCreate(bare, create), status: state }
}

const texts = (errors: ReturnType<typeof Job.validate>): readonly string[] =>
  errors.map(({ field, message }) => `${field}: ${message}`)

test('Job.defaults() makes a job of one pod with six retries', () => {
  expect(job().spec).toMatchObject({
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    manualSelector: false,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } },
  })
  expect(Job.validate(job(), undefined, create)).toEqual([])
})

test('Job.prepareForCreate() keeps labels that contradict, and Job.validate() tells', () => {
  const template = {
    metadata: { labels: { 'job-name': 'other' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1' }] },
  }
  expect(texts(Job.validate(job({ template }), undefined, create)).join()).toMatch(
    /^spec\.template\.metadata\.labels\[job-name\]: Invalid value: \{.*\}: must be 'pi'$/,
  )
})

describe('Job.validate()', () => {
  test.each([
    [{ parallelism: -1 }, 'spec.parallelism: Invalid value: -1: must be greater than or equal to 0'],
    [
      { completionMode: 'Indexed', parallelism: 1 },
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      { backoffLimitPerIndex: 1 },
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
    [
      { managedBy: 'me' },
      'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      { podFailurePolicy: { rules: [{ action: 'Ignore' }] } },
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ],
    [
      {
        podFailurePolicy: { rules: [{ action: '', onExitCodes: { operator: 'In', values: [1] } }] },
      },
      'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
    ],
    [
      {
        template: { spec: { containers: [{ name: 'main', image: 'a' }] } },
      },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
  ])('of %j says %s', (spec, expected) => {
    expect(texts(Job.validate(job(spec), undefined, create))).toContain(expected)
  })

  test('lets a suspended job change where its pods run, and no other', () => {
    const change = (old: batch.v1.Job): readonly string[] => {
      const spec = old.spec ?? { template: {} }
      const template = {
        ...spec.template,
        spec: { containers: [], ...spec.template.spec, nodeSelector: { a: 'b' } },
      }
      return texts(Job.validate({ ...old, spec: { ...spec, template } }, old, create))
    }
    expect(change(job({ suspend: true }))).toEqual([])
    expect(change(job()).join()).toMatch(/^spec\.template: Invalid value: .*: field is immutable$/)
  })

  test('holds transitions of the status', () => {
    const started = { startTime: '2026-01-01T00:00:00Z', active: 1 }
    const old = job({}, started)
    const complete = { conditions: [{ type: 'Complete', status: 'True' }] }
    expect(texts(Job.validate(job({}, { ...started, ...complete }), old, status))).toEqual([
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
    ])
  })
})

test('countIndexes() counts intervals and tells what is wrong', () => {
  expect(countIndexes('0,2-4', 10)).toBe(4)
  expect(countIndexes('', 10)).toBe(0)
  expect(countIndexes('3,2', 10)).toEqual({ error: 'non-increasing order, previous: 3, current: 2' })
  expect(countIndexes('12', 10)).toEqual({ error: 'too large index: "12"' })
})

test('commonIndex() finds what both name', () => {
  expect(commonIndex('0-3,7', '2-5', 10)).toBe(2)
  expect(commonIndex('0-3,7', '4-6', 10)).toBeUndefined()
})

describe('a suspended job', () => {
  const started = { startTime: '2026-01-01T00:00:00Z' }
  const paused = { ...started, conditions: [{ type: 'Suspended', status: 'True' }] }
  const withGates = (...off: readonly string[]) => ({
    ...create,
    features: featureGates(new Map(off.map((gate) => [gate, false]))),
  })
  const allows = (state: batch.v1.JobStatus, change: object, context = create): boolean => {
    const old = job({ suspend: true }, state)
    const [main] = old.spec?.template.spec?.containers ?? []
    const { resources, ...moved } = { resources: undefined, ...change }
    const containers = [{ name: '', ...main, ...(resources === undefined ? {} : { resources }) }]
    const spec = { ...old.spec?.template.spec, ...moved, containers }
    const next = { ...old, spec: { ...old.spec, template: { ...old.spec?.template, spec } } }
    return Job.validate(next, old, context).length === 0
  }
  const moved = { nodeSelector: { zone: 'a' } }
  const grown = { resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } }

  test.each([
    ['before its start', {}, moved, create, true],
    ['while it has pods', { ...paused, active: 1 }, moved, create, false],
    ['after a start', paused, moved, create, true],
    [
      'after a start, gate off',
      paused,
      moved,
      withGates('MutableSchedulingDirectivesForSuspendedJobs'),
      false,
    ],
    ['before its start, gate off', {}, moved, withGates('MutableSchedulingDirectivesForSuspendedJobs'), true],
    ['before its start', {}, grown, create, true],
    ['before its condition says so', started, grown, create, false],
    ['before its start, gate off', {}, grown, withGates('MutablePodResourcesForSuspendedJobs'), false],
  ])('%s may change where and how its pods run', (_, state, change, context, expected) => {
    expect(allows(state, change, context)).toBe(expected)
  })
})
