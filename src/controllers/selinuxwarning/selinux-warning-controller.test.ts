import { afterEach, beforeEach, expect, test } from 'vitest'
import { PersistentVolume } from '../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { CSIDriver } from '../../api/storage/csi-driver/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { seLinuxWarningController } from './selinux-warning-controller.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(seLinuxWarningController())
  await cluster.create(CSIDriver, { metadata: { name: 'd.test' }, spec: { seLinuxMount: true } })
  const claim = await cluster.create(PersistentVolumeClaim, {
    metadata: { name: 'c', namespace: 'default' },
    spec: { volumeName: 'v' },
    status: { phase: 'Bound' },
  })
  const { uid = '' } = claim.metadata ?? {}
  await cluster.create(PersistentVolume, {
    metadata: { name: 'v' },
    spec: {
      csi: { driver: 'd.test', volumeHandle: 'h' },
      claimRef: { namespace: 'default', name: 'c', uid },
    },
  })
})
afterEach(() => cluster.stop())

const start = (name: string, level: string, context: core.v1.PodSecurityContext = {}, ...others: string[]) =>
  cluster.create(Pod, {
    metadata: { name, namespace: 'default' },
    spec: {
      securityContext: { seLinuxOptions: { level }, ...context },
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }],
      containers: ['', ...others].map((own, index) => ({
        name: `c${index}`,
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
        ...(own === '' ? {} : { securityContext: { seLinuxOptions: { level: own } } }),
      })),
    },
  })

const gauge = () =>
  cluster.metrics
    .expose()
    .split('\n')
    .filter((line) => line.startsWith('selinux_warning_controller_selinux_volume_conflict{')).length

const told = (value: string, other: string, otherValue: string, property = 'SELinuxLabel') =>
  `Normal ${property}Conflict ${property} "${value}" conflicts with pod ${other} that uses the same volume as this pod with ${property} "${otherValue}". If both pods land on the same node, only one of them may access the volume.`

test('seLinuxWarningController() warns both pods that want a volume with different labels', async () => {
  await start('a', 's0:c1')
  await start('b', 's0:c1')
  expect(await cluster.events()).toEqual([])
  await start('d', 's0:c2')
  expect((await cluster.events()).toSorted()).toEqual(
    [
      told(':::s0:c2', 'a', ':::s0:c1'),
      told(':::s0:c1', 'd', ':::s0:c2'),
      told(':::s0:c2', 'b', ':::s0:c1'),
      told(':::s0:c1', 'd', ':::s0:c2'),
    ].toSorted(),
  )
  expect(gauge()).toBe(4)
  await cluster.change(Pod, 'default/d', { status: { phase: 'Succeeded' } })
  expect(gauge()).toBe(0)
})

test('seLinuxWarningController() warns of different policies, and looks again when a driver learns to mount', async () => {
  await cluster.change(CSIDriver, 'd.test', { spec: { seLinuxMount: false } })
  await start('a', 's0:c1')
  await start('b', 's0:c1', { seLinuxChangePolicy: 'Recursive' })
  expect(await cluster.events()).toEqual([])
  await cluster.change(CSIDriver, 'd.test', { spec: { seLinuxMount: true } })
  expect(await cluster.events()).toContain(told('MountOption', 'b', 'Recursive', 'SELinuxChangePolicy'))
})

test('seLinuxWarningController() warns a pod that conflicts with itself', async () => {
  await start('a', 's0:c1', {}, 's0:c2')
  expect(await cluster.events()).toEqual([
    'Warning MultipleSELinuxLabels Volume "data" is mounted twice with different SELinux labels inside this pod',
  ])
})
