import { Pod } from '../../api/core/pod/kind.ts'
import type { core, resource } from '../../api/generated/types/index.ts'
import { podClaimNames } from '../../api/resource/pod-claims.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourceClaimTemplate } from '../../api/resource/resource-claim-template/kind.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Lister } from '../../client/informer.ts'
import {
  type AnyController,
  defineController,
  done,
  indexing,
  type Key,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { controllerOf, keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { podClaimAnnotation } from './generated-claim.ts'
import { isPodDone, podNeedsWork } from './pod-work.ts'
import { syncClaim } from './sync-claim.ts'
import { hasAdminAccess, podOwnerIndex, syncPod } from './sync-pod.ts'

type PodType = core.v1.Pod
type Claim = resource.v1.ResourceClaim

const podPrefix = 'pod:'
const claimPrefix = 'claim:'

const claimIndex = 'resource claim of the pod'
const templateIndex = 'resource claim template of the pod'
const extendedAnnotation = 'resource.kubernetes.io/extended-resource-claim'

const hasClaims = ({ spec, status }: PodType): boolean =>
  (spec?.resourceClaims ?? []).length > 0 || status?.extendedResourceClaimStatus !== undefined

function podKeys(pod: PodType, { cache }: Pick<ReconcileContext, 'cache'>): readonly Key[] {
  if (!hasClaims(pod)) return []
  const namespace = pod.metadata?.namespace ?? ''
  const claims = cache.of(ResourceClaim)
  const isGone = cache.of(Pod).get(namespace, pod.metadata?.name ?? '')?.metadata?.uid !== pod.metadata?.uid
  const freed = isGone || isPodDone(pod) ? podClaimNames(pod) : []
  const needsWork = !isGone && podNeedsWork(pod, (name) => claims.get(namespace, name))
  return [
    ...freed.map((name) => `${claimPrefix}${namespace}/${name}`),
    ...(needsWork ? [podPrefix + keyOf(pod)] : []),
  ]
}

function claimKeys(claim: Claim, { cache }: ReconcileContext): readonly Key[] {
  const key = keyOf(claim)
  const pods = cache.of(Pod).byIndex(claimIndex, key)
  const own = cache.of(ResourceClaim).get(...splitKey(key)) === undefined ? [] : [claimPrefix + key]
  return [...own, ...pods.flatMap((pod) => podKeys(pod, { cache }))]
}

const sourceOf = ({ metadata }: Claim): string => {
  if (metadata?.annotations?.[extendedAnnotation] === 'true') return 'extended_resource'
  return metadata?.annotations?.[podClaimAnnotation] === undefined ? '' : 'resource_claim_template'
}

function countClaims(metrics: Metrics, claims: Lister<Claim>): void {
  const gauge = metrics.gauge({
    name: 'resourceclaim_controller_resource_claims',
    help: 'Number of ResourceClaims, categorized by allocation status, admin access, and source',
    labels: ['allocated', 'admin_access', 'source'],
  })
  /** What was shown before and is not there any more is zero. */
  const shown = new Map<string, readonly string[]>()
  metrics.onCollect(() => {
    const counts = new Map<string, number>()
    for (const claim of claims.list()) {
      const isAllocated = claim.status?.allocation !== undefined
      const labels = [String(isAllocated), String(hasAdminAccess(claim)), sourceOf(claim)]
      shown.set(labels.join(), labels)
      counts.set(labels.join(), (counts.get(labels.join()) ?? 0) + 1)
    }
    for (const [id, labels] of shown) gauge.set(counts.get(id) ?? 0, labels)
  })
}

/** Makes ResourceClaims from pods' templates, and frees those that no pod uses any more. */
export const resourceClaimController: AnyController = defineController({
  name: 'resourceclaim',
  reportsAs: 'resource_claim',
  watches: [
    watching({
      kind: Pod,
      when: (pod, old) => [pod, old].some((state) => state !== undefined && hasClaims(state)),
      keys: podKeys,
    }),
    watching({ kind: ResourceClaim, keys: claimKeys }),
    watching({
      kind: ResourceClaimTemplate,
      when: (template) => template !== undefined,
      keys: (template, { cache }) =>
        cache
          .of(Pod)
          .byIndex(templateIndex, keyOf(template))
          .flatMap((pod) => podKeys(pod, { cache })),
    }),
  ],
  indexers: [
    indexing(Pod, {
      [claimIndex]: (pod) => podClaimNames(pod).map((name) => `${pod.metadata?.namespace}/${name}`),
      [templateIndex]: ({ metadata, spec }) =>
        (spec?.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName: name }) =>
          name === undefined ? [] : [`${metadata?.namespace}/${name}`],
        ),
    }),
    indexing(ResourceClaim, { [podOwnerIndex]: (claim) => [controllerOf(claim)?.uid ?? ''] }),
  ],
  permissions: [
    { group: '', resources: ['pods'], verbs: ['get'] },
    { group: '', resources: ['pods/finalizers'], verbs: ['update'] },
    { group: '', resources: ['pods/status'], verbs: ['patch'] },
    {
      group: 'resource.k8s.io',
      resources: ['resourceclaims'],
      verbs: ['create', 'delete', 'update'],
    },
    { group: 'resource.k8s.io', resources: ['resourceclaims/status'], verbs: ['update'] },
    {
      group: 'resource.k8s.io',
      resources: ['resourceclaims/binding'],
      verbs: ['patch', 'update'],
    },
  ],
  workers: 50,
  setUp: ({ informers, metrics }) => countClaims(metrics, informers.informer(ResourceClaim).lister),
  reconcile: async (key, context) => {
    const isPod = key.startsWith(podPrefix)
    const [namespace, name] = splitKey(key.slice((isPod ? podPrefix : claimPrefix).length))
    if (isPod) {
      const pod = context.cache.of(Pod).get(namespace, name)
      const isLive = pod !== undefined && pod.metadata?.deletionTimestamp === undefined && !isPodDone(pod)
      if (isLive) await syncPod(pod, context)
    } else {
      const claim = context.cache.of(ResourceClaim).get(namespace, name)
      if (claim !== undefined) await syncClaim(claim, context)
    }
    return done
  },
})
