import { PersistentVolume } from '../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import { CSIDriver } from '../../api/storage/csi-driver/kind.ts'
import type { Metrics } from '../../base/metrics.ts'
import {
  type AnyController,
  type Caches,
  defineController,
  done,
  indexing,
  type Key,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'
import { podClaimIndex, podClaimIndexers } from '../../reconcile/pod-claim-index.ts'
import { podVolumes } from './pod-volumes.ts'
import { type Conflict, conflictMessage, VolumeUsers } from './volume-users.ts'

const podsOfClaim = (cache: Caches, namespace = '', name = ''): readonly Key[] =>
  cache
    .of(Pod)
    .byIndex(podClaimIndex, `${namespace}/${name}`)
    .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)

function exposeConflicts(metrics: Metrics, users: VolumeUsers): void {
  const sides = ['pod1', 'pod2'].flatMap((pod) => [`${pod}_namespace`, `${pod}_name`, `${pod}_value`])
  const gauge = metrics.gauge({
    name: 'selinux_warning_controller_selinux_volume_conflict',
    help: 'Conflict between two Pods using the same volume',
    labels: ['property', ...sides],
  })
  metrics.onCollect(() => {
    gauge.clear()
    for (const { property, pod, value, other, otherValue } of users.conflicts())
      gauge.set(1, [property, ...splitKey(pod), value, ...splitKey(other), otherValue])
  })
}

function tell(conflicts: readonly Conflict[], { cache, events }: ReconcileContext): void {
  for (const conflict of conflicts) {
    const pod = cache.of(Pod).get(...splitKey(conflict.pod))
    // One that is gone has settled it.
    if (pod === undefined) return
    events.event(pod, 'Normal', `${conflict.property}Conflict`, conflictMessage(conflict))
  }
}

/** Warns of pods that cannot share a volume on one node, because they want it labelled differently. */
export function seLinuxWarningController(): AnyController {
  const users = new VolumeUsers()

  async function reconcile(key: Key, context: ReconcileContext) {
    const { cache, events } = context
    const [namespace, name] = splitKey(key)
    const pod = cache.of(Pod).get(namespace, name)
    if (pod === undefined || isPodTerminal(pod)) {
      users.remove(key)
      return done
    }
    const { uses, torn } = podVolumes(pod, {
      claim: (claim) => cache.of(PersistentVolumeClaim).get(namespace, claim),
      volume: (volume) => cache.of(PersistentVolume).get('', volume),
      driver: (driver) => cache.of(CSIDriver).get('', driver),
    })
    for (const volume of torn) {
      const why = `Volume "${volume}" is mounted twice with different SELinux labels inside this pod`
      events.event(pod, 'Warning', 'MultipleSELinuxLabels', why)
    }
    for (const use of uses) tell(users.add(key, use), context)
    return done
  }

  return defineController({
    name: 'selinux-warning',
    reportsAs: 'selinux_warning',
    reconciles: Pod,
    when: (pod, old) => pod === undefined || old === undefined || isPodTerminal(pod) !== isPodTerminal(old),
    watches: [
      watching({
        kind: PersistentVolumeClaim,
        when: (claim, old) =>
          claim !== undefined &&
          (claim.spec?.volumeName !== old?.spec?.volumeName || claim.status?.phase !== old?.status?.phase),
        keys: ({ metadata }, { cache }) => podsOfClaim(cache, metadata?.namespace, metadata?.name),
      }),
      watching({
        kind: PersistentVolume,
        when: (volume, old) => volume?.spec?.claimRef?.uid !== old?.spec?.claimRef?.uid,
        keys: ({ spec }, { cache }) => podsOfClaim(cache, spec?.claimRef?.namespace, spec?.claimRef?.name),
      }),
      watching({
        kind: CSIDriver,
        when: (driver, old) => driver?.spec.seLinuxMount !== old?.spec.seLinuxMount,
        keys: ({ metadata }) => users.podsOfDriver(metadata?.name ?? ''),
      }),
    ],
    indexers: [indexing(Pod, podClaimIndexers)],
    workers: 1,
    setUp: ({ metrics }) => exposeConflicts(metrics, users),
    reconcile,
  })
}
