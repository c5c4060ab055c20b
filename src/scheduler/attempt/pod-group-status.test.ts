import { expect, test } from 'vitest'
import type { scheduling } from '../../api/generated/types/index.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import { silentLogger } from '../../base/logger.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { FixedInformers } from '../testing/fixed-informers.ts'
import { PodGroupStatus } from './pod-group-status.ts'

test('write() leaves conditions alone that others have set meanwhile', async () => {
  const host = testHost(1)
  const client = createClient(new FakeApi(host))
  const group: scheduling.v1alpha2.PodGroup = {
    apiVersion: 'scheduling.k8s.io/v1alpha2',
    kind: 'PodGroup',
    metadata: { name: 'g', namespace: 'd' },
    spec: { schedulingPolicy: { basic: {} } },
  }
  const others = [
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'x',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ]
  const making = client.resource(PodGroup).create(group)
  await host.advance(10)
  const made = await making
  const telling = client.resource(PodGroup).updateStatus({ ...made, status: { conditions: others } })
  await host.advance(10)
  await telling
  const status = new PodGroupStatus({
    ...{ client, host, logger: silentLogger },
    informers: new FixedInformers().set(PodGroup, made),
  })
  const pod = {
    metadata: { namespace: 'd' },
    spec: { containers: [], schedulingGroup: { podGroupName: 'g' } },
  }
  status.write(pod, { type: 'scheduled', message: '' })
  await host.advance(10)
  const reading = client.resource(PodGroup).get('d', 'g')
  await host.advance(10)
  const found = (await reading).status?.conditions ?? []
  expect(found.map(({ type }) => type).toSorted()).toEqual(['DisruptionTarget', 'PodGroupScheduled'])
})
