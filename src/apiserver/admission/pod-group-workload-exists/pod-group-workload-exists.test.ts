import { expect, test } from 'vitest'
import { PodGroup } from '../../../api/scheduling/pod-group/kind.ts'
import { admit } from '../../testing/admit.ts'
import { FakeReader } from '../../testing/fake-reader.ts'
import { podGroupWorkloadExists } from './pod-group-workload-exists.ts'

test('podGroupWorkloadExists() lets in groups of templates that are there, and of none', async () => {
  const reader = new FakeReader()
  const create = (podGroupTemplateRef?: object) => {
    const spec = { schedulingPolicy: { basic: {} }, ...(podGroupTemplateRef && { podGroupTemplateRef }) }
    return admit(podGroupWorkloadExists(reader), PodGroup, {
      ...{ metadata: { name: 'g', namespace: 'n' }, spec },
    })
  }
  const of = (podGroupTemplateName: string) =>
    create({ workload: { workloadName: 'w', podGroupTemplateName } })
  const refused = 'podgroups.scheduling.k8s.io "g" is forbidden: PodGroup rejected: '
  await create()
  await expect(of('t')).rejects.toThrow(`${refused}Workload "w" not found`)
  const spec = { podGroupTemplates: [{ name: 't', schedulingPolicy: { basic: {} } }] }
  reader.put('workloads.scheduling.k8s.io', { metadata: { name: 'w', namespace: 'n' }, ...{ spec } })
  await of('t')
  await expect(of('u')).rejects.toThrow(`${refused}PodGroupTemplate "u" not found in Workload "w"`)
  const metadata = { name: 'w', namespace: 'n', deletionTimestamp: '2026-01-01T00:00:00Z' }
  reader.put('workloads.scheduling.k8s.io', { metadata, ...{ spec } })
  await expect(of('t')).rejects.toThrow(`${refused}Workload "w" is being deleted`)
})
