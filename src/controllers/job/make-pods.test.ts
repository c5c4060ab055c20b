import { describe, expect, test } from 'vitest'
import { indexFailuresKey, indexIgnoredFailuresKey } from '../../api/batch/job/labels.ts'
import { makePods } from './make-pods.ts'
import { jobWith, viewOf } from './testing/job-view.ts'

const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 }

describe('makePods()', () => {
  test('makes pods that wait to be counted', () => {
    const [pod] = makePods(viewOf(jobWith()), [undefined])
    expect(pod).toMatchObject({
      metadata: {
        generateName: 'work-',
        labels: { job: 'work' },
        finalizers: ['batch.kubernetes.io/job-tracking'],
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: 'u1', controller: true }],
      },
      spec: { containers: [{ name: 'main', image: 'i' }] },
    })
    expect(pod?.metadata?.annotations).toBeUndefined()
  })

  test('tells the pods of an Indexed job which they are', () => {
    const env = [{ name: 'JOB_COMPLETION_INDEX', value: 'mine' }]
    const template = {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main' }, { name: 'own', env }],
        initContainers: [{ name: 'first' }],
      },
    }
    const [pod] = makePods(viewOf(jobWith({ ...indexed, template })), [2])
    const variable = {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
    }
    expect(pod).toMatchObject({
      metadata: {
        generateName: 'work-2-',
        labels: { 'batch.kubernetes.io/job-completion-index': '2' },
        annotations: { 'batch.kubernetes.io/job-completion-index': '2' },
      },
      spec: {
        hostname: 'work-2',
        containers: [{ env: [variable] }, { env }],
        initContainers: [{ env: [variable] }],
      },
    })
  })

  test('shortens a long name so that the index stays', () => {
    const { metadata, ...job } = jobWith(indexed)
    const long = { ...job, metadata: { ...metadata, name: 'n'.repeat(60) } }
    expect(makePods(viewOf(long), [1])[0]?.metadata?.generateName).toBe(`${'n'.repeat(55)}-1-`)
  })

  test.each([
    ['its first pod', [], { [indexFailuresKey]: '0' }],
    ['one after a failure', [{ exitCode: 1 }], { [indexFailuresKey]: '1' }],
    [
      'one after a failure that is ignored',
      [{ exitCode: 3, annotations: { [indexFailuresKey]: '4' } }],
      { [indexFailuresKey]: '4', [indexIgnoredFailuresKey]: '1' },
    ],
  ])('hands on the failures of an index to %s', (_, pods, expected) => {
    const podFailurePolicy = {
      rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } }],
    }
    const job = jobWith({ ...indexed, backoffLimitPerIndex: 9, podFailurePolicy })
    const failed = pods.map((pod) => ({ ...pod, phase: 'Failed', index: 1, name: 'old' }))
    const [pod] = makePods(viewOf(job, failed), [1])
    expect(pod?.metadata?.annotations).toEqual({
      'batch.kubernetes.io/job-completion-index': '1',
      ...expected,
    })
  })
})
