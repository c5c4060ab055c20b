import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { admitPod } from './admit-pod.ts'
import { admitAppArmor } from './app-armor.ts'

type Pod = core.v1.Pod

const podWith = (resources?: core.v1.ResourceRequirements): Pod => ({
  spec: { containers: [{ name: 'c', ...(resources === undefined ? {} : { resources }) }] },
})

test('admitPod() refuses what does not fit, in words that tell how much', () => {
  const node: core.v1.Node = {
    metadata: { name: 'n', labels: { disk: 'ssd' } },
    status: { allocatable: { cpu: '2', memory: '1Gi', pods: '2' } },
  }
  const big = podWith({ requests: { cpu: '1500m' } })
  expect(admitPod(big, node, [])).toBeUndefined()
  expect(admitPod(big, node, [big])).toEqual({
    reason: 'OutOfcpu',
    message: "Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000",
  })
  const small = podWith()
  expect(admitPod(small, node, [small, small])?.reason).toBe('OutOfpods')
  const picky: Pod = { ...small, spec: { containers: [], nodeSelector: { disk: 'hdd' } } }
  expect(admitPod(picky, node, [])?.reason).toBe('NodeAffinity')
  const port: Pod = { spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] } }
  expect(admitPod(port, node, [port])?.reason).toBe('NodePorts')
})

test.each([
  [{ os: { name: 'windows' } }, {}, 'PodOSNotSupported'],
  [{}, { 'kubernetes.io/os': 'windows' }, 'PodOSSelectorNodeLabelDoesNotMatch'],
  [{ securityContext: { supplementalGroupsPolicy: 'Strict' } }, {}, 'SupplementalGroupsPolicyNotSupported'],
  [{ os: { name: 'linux' }, securityContext: { supplementalGroupsPolicy: 'Merge' } }, {}, undefined],
])('admitPod() refuses what the node is not made for (%#)', (spec, labels, reason) => {
  const node: core.v1.Node = { status: { allocatable: { pods: '2' } } }
  const pod: Pod = { metadata: { labels }, spec: { containers: [], ...spec } }
  expect(admitPod(pod, node, [])?.reason).toBe(reason)
})

test('admitAppArmor() refuses a profile where the kernel has none', () => {
  const pod = (type: string): Pod => ({
    spec: { containers: [{ name: 'c', securityContext: { appArmorProfile: { type } } }] },
  })
  expect(admitAppArmor(pod('RuntimeDefault'), false)).toEqual({
    reason: 'AppArmor',
    message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host',
  })
  expect(admitAppArmor(pod('RuntimeDefault'), true)).toBeUndefined()
  expect(admitAppArmor(pod('Unconfined'), false)).toBeUndefined()
})
