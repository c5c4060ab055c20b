import { ephemeralClaimName, isClaimOfPod } from '../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'
import { messageOf } from '../../base/message-of.ts'
import {
  type AnyController,
  defineController,
  done,
  indexing,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { controllerReference, keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { podClaimIndex, podClaimIndexers } from '../../reconcile/pod-claim-index.ts'

const createMetric = {
  name: 'ephemeral_volume_controller_create_total',
  help: 'Number of PersistentVolumeClaim creation requests',
}
const failureMetric = {
  name: 'ephemeral_volume_controller_create_failures_total',
  help: 'Number of PersistentVolumeClaim creation requests that failed',
}

const wantsClaims = ({ spec, metadata }: core.v1.Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  (spec?.volumes ?? []).some(({ ephemeral }) => ephemeral !== undefined)

async function ensureClaim(
  pod: core.v1.Pod,
  volume: core.v1.Volume,
  { cache, api, metrics }: ReconcileContext,
): Promise<void> {
  const namespace = pod.metadata?.namespace ?? ''
  const name = ephemeralClaimName(pod, volume)
  const existing = cache.of(PersistentVolumeClaim).get(namespace, name)
  if (existing !== undefined) {
    if (isClaimOfPod(existing, pod)) return
    const own = `${namespace}/${pod.metadata?.name}`
    throw new Error(`PVC ${namespace}/${name} was not created for pod ${own} (pod is not owner)`)
  }
  const template = volume.ephemeral?.volumeClaimTemplate
  if (template === undefined) return
  const { annotations, labels } = template.metadata ?? {}
  const ownerReferences = [controllerReference(Pod, pod)]
  const claim = {
    metadata: defined({ name, namespace, annotations, labels, ownerReferences }),
    spec: template.spec,
  }
  metrics.counter(createMetric).inc()
  try {
    await api.resource(PersistentVolumeClaim).create(claim)
  } catch (error) {
    metrics.counter(failureMetric).inc()
    throw new Error(`create PVC ${name}: ${messageOf(error)}`)
  }
}

/** Makes the claims of pods' generic ephemeral volumes. They go with their pods. */
export const ephemeralVolumeController: AnyController = defineController({
  name: 'ephemeral-volume',
  reportsAs: 'ephemeral_volume',
  reconciles: Pod,
  when: (pod, old) => pod !== undefined && old === undefined && wantsClaims(pod),
  watches: [
    watching({
      kind: PersistentVolumeClaim,
      when: (claim) => claim === undefined,
      keys: (claim, { cache }) =>
        cache.of(Pod).byIndex(podClaimIndex, keyOf(claim)).filter(wantsClaims).map(keyOf),
    }),
  ],
  indexers: [indexing(Pod, podClaimIndexers)],
  permissions: [
    { group: '', resources: ['persistentvolumeclaims'], verbs: ['create'] },
    { group: '', resources: ['pods/finalizers'], verbs: ['update'] },
  ],
  reconcile: async (key, context) => {
    const pod = context.cache.of(Pod).get(...splitKey(key))
    if (pod === undefined || !wantsClaims(pod)) return done
    for (const volume of pod.spec?.volumes ?? []) {
      if (volume.ephemeral === undefined) continue
      try {
        await ensureClaim(pod, volume, context)
      } catch (error) {
        const why = messageOf(error)
        context.events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${why}`)
        throw new Error(`pod ${key}, ephemeral volume ${volume.name}: ${why}`)
      }
    }
    return done
  },
})
