import { beforeEach, expect, test } from 'vitest'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { admit } from '../../testing/admit.ts'
import { FakeReader } from '../../testing/fake-reader.ts'
import { nodeDeclaredFeatureValidator } from './node-declared-feature-validator.ts'

const whole = 'InPlacePodLevelResourcesVerticalScaling'
const init = 'InPlacePodVerticalScalingInitContainers'

let reader: FakeReader
beforeEach(() => {
  reader = new FakeReader()
  reader.put('nodes', { metadata: { name: 'old' } })
  const status = { declaredFeatures: [init, whole] }
  reader.put('nodes', { metadata: { name: 'new' }, ...{ status } })
})

const cpu = (amount: string): core.v1.ResourceRequirements => ({ requests: { cpu: amount } })
const pod = (spec: Partial<core.v1.PodSpec>, generation = 1): core.v1.Pod => ({
  metadata: { name: 'p', namespace: 'n', generation },
  spec: { nodeName: 'old', containers: [], ...spec },
})
const starter = (amount: string, restartPolicy?: string): Partial<core.v1.PodSpec> => ({
  initContainers: [{ name: 'i', resources: cpu(amount), ...(restartPolicy && { restartPolicy }) }],
})

const change = (
  old: Partial<core.v1.PodSpec>,
  now: Partial<core.v1.PodSpec>,
  more: Partial<core.v1.PodSpec> = {},
  generation = 2,
) =>
  admit(nodeDeclaredFeatureValidator(reader), Pod, pod({ ...now, ...more }, generation), {
    operation: 'UPDATE',
    subresource: 'resize',
    old: pod({ ...old, ...more }),
  })

const refused = (names: string): string =>
  `pods "p" is forbidden: pod update requires features ${names} which are not available on node "old"`

test.each<[string, Partial<core.v1.PodSpec>, Partial<core.v1.PodSpec>, string]>([
  ['resources of the pod', { resources: cpu('1') }, { resources: cpu('2') }, whole],
  ['resources that come', {}, { resources: cpu('2') }, whole],
  ['those of a container that starts it', starter('1'), starter('2'), init],
  [
    'both',
    { ...starter('1'), resources: cpu('1') },
    { ...starter('2'), resources: cpu('2') },
    `${whole}, ${init}`,
  ],
])('nodeDeclaredFeatureValidator() wants the node to know of %s', async (_what, old, now, names) => {
  await expect(change(old, now)).rejects.toThrow(refused(names))
  await change(old, now, { nodeName: 'new' })
})

test('nodeDeclaredFeatureValidator() lets be what needs nothing of the node', async () => {
  await change({ resources: cpu('1') }, { resources: cpu('1') })
  await change(starter('1', 'Always'), starter('2', 'Always'))
  await change({ resources: cpu('1') }, { resources: cpu('2') }, { nodeName: '' })
  await change({ resources: cpu('1') }, { resources: cpu('2') }, {}, 1)
})

test('nodeDeclaredFeatureValidator() knows that a node is gone', async () => {
  const gone = change({ resources: cpu('1') }, { resources: cpu('2') }, { nodeName: 'gone' })
  await expect(gone).rejects.toThrow('pods "p" is forbidden: node "gone" not found')
})
