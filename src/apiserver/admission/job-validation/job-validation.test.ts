import { beforeEach, expect, test } from 'vitest'
import { Job } from '../../../api/batch/job/kind.ts'
import type { batch, core } from '../../../api/generated/types/index.ts'
import { admit } from '../../testing/admit.ts'
import { FakeReader } from '../../testing/fake-reader.ts'
import { jobValidation } from './job-validation.ts'

let reader: FakeReader
beforeEach(() => {
  reader = new FakeReader()
})

const job = (parallelism: number, schedulingGroup?: core.v1.PodSchedulingGroup): batch.v1.Job => ({
  metadata: { name: 'work', namespace: 'default', uid: 'u' },
  spec: {
    parallelism,
    template: { spec: { containers: [], ...(schedulingGroup === undefined ? {} : { schedulingGroup }) } },
  },
})

const putGroup = (schedulingPolicy: object): void => {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: 'u', controller: true }
  reader.put('podgroups.scheduling.k8s.io', {
    metadata: { name: 'g', namespace: 'default', ownerReferences: [owner] },
    ...{ spec: { schedulingPolicy } },
  })
}

const update = (object: batch.v1.Job, old: batch.v1.Job) =>
  admit(jobValidation(reader), Job, object, { operation: 'UPDATE', old })

const refusal = 'cannot change parallelism for a Job referencing gang-scheduled PodGroup "g"'

test('jobValidation() keeps the parallelism of a job that controls a gang, or whose pods name one', async () => {
  putGroup({ gang: { minCount: 2 } })
  await expect(update(job(3), job(2))).rejects.toThrow(`jobs.batch "work" is forbidden: ${refusal}`)
  const named = { podGroupName: 'g' }
  await expect(update(job(3, named), job(2, named))).rejects.toThrow(refusal)
  await update(job(2), job(2))
})

test('jobValidation() lets other jobs change', async () => {
  await update(job(3), job(2))
  putGroup({ basic: {} })
  await update(job(3), job(2))
  await update(job(3, { podGroupName: 'other' }), job(2, { podGroupName: 'other' }))
})
