import { Pod } from '../../api/core/pod/kind.ts'
import type { core, resource } from '../../api/generated/types/index.ts'
import { notForPod, podClaimName } from '../../api/resource/pod-claims.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourceClaimTemplate } from '../../api/resource/resource-claim-template/kind.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import { claimFromTemplate, podClaimAnnotation } from './generated-claim.ts'
import { needsReservation } from './pod-work.ts'

type PodType = core.v1.Pod
type Claim = resource.v1.ResourceClaim

/** Finds claims by the uid of the pod that controls them. */
export const podOwnerIndex = 'pod that owns the claim'

const fieldManager = 'ResourceClaimController'

const createMetric = {
  name: 'resourceclaim_controller_creates_total',
  help: 'Number of ResourceClaims creation requests, categorized by creation status and admin access',
  labels: ['status', 'admin_access'],
}

export const hasAdminAccess = ({ spec }: Claim): boolean =>
  (spec.devices?.requests ?? []).some(({ exactly }) => exactly?.adminAccess === true)

async function createClaim(
  pod: PodType,
  entry: core.v1.PodResourceClaim,
  { cache, api, metrics }: ReconcileContext,
): Promise<Claim> {
  const templateName = entry.resourceClaimTemplateName ?? ''
  const template = cache.of(ResourceClaimTemplate).get(pod.metadata?.namespace ?? '', templateName)
  if (template === undefined) {
    const why = `resourceclaimtemplate.resource.k8s.io "${templateName}" not found`
    throw new Error(`resource claim template "${templateName}": ${why}`)
  }
  const claim = claimFromTemplate(pod, entry.name, template)
  const count = (status: string): void =>
    metrics.counter(createMetric).inc([status, String(hasAdminAccess(claim))])
  try {
    const created = await api.resource(ResourceClaim).create(claim)
    count('success')
    return created
  } catch (error) {
    count('failure')
    throw new Error(`create ResourceClaim : ${messageOf(error)}`)
  }
}

/** The name of the claim that had to be made, or was made and not noted; undefined where nothing is missing. */
async function ensureClaim(
  pod: PodType,
  entry: core.v1.PodResourceClaim,
  context: ReconcileContext,
): Promise<string | undefined> {
  const claims = context.cache.of(ResourceClaim)
  const found = podClaimName(pod, entry)
  if (found === 'unneeded' || entry.resourceClaimTemplateName === undefined) return undefined
  if (found !== 'missing') {
    const claim = claims.get(pod.metadata?.namespace ?? '', found.name)
    if (claim !== undefined && notForPod(pod, claim) === undefined) return undefined
  }
  const own = claims.byIndex(podOwnerIndex, pod.metadata?.uid ?? '')
  const orphan = own.find(({ metadata }) => metadata?.annotations?.[podClaimAnnotation] === entry.name)
  return (orphan ?? (await createClaim(pod, entry, context))).metadata?.name
}

async function noteClaims(
  pod: PodType,
  made: ReadonlyMap<string, string>,
  { api }: ReconcileContext,
): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata ?? {}
  const known = (pod.status?.resourceClaimStatuses ?? []).filter((entry) => !made.has(entry.name))
  const added = [...made].map(([entry, claim]) => ({ name: entry, resourceClaimName: claim }))
  const status = { resourceClaimStatuses: [...known, ...added] }
  const applied = { metadata: { namespace, name }, status }
  await api.resource(Pod).apply(applied, { fieldManager, force: true, subresource: 'status' })
}

async function reserve(pod: PodType, claim: Claim, { api }: ReconcileContext): Promise<void> {
  const { name = '', uid = '' } = pod.metadata ?? {}
  const reservedFor = [...(claim.status?.reservedFor ?? []), { resource: 'pods', name, uid }]
  await api.resource(ResourceClaim).updateStatus({ ...claim, status: { ...claim.status, reservedFor } })
}

/** Makes the claims that a pod's entries ask templates for, and reserves those of a pod that came to its node without a scheduler. */
export async function syncPod(pod: PodType, context: ReconcileContext): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata ?? {}
  const made = new Map<string, string>()
  for (const entry of pod.spec?.resourceClaims ?? []) {
    try {
      const claim = await ensureClaim(pod, entry, context)
      if (claim !== undefined) made.set(entry.name, claim)
    } catch (error) {
      const why = `PodResourceClaim ${entry.name}: ${messageOf(error)}`
      context.events.event(pod, 'Warning', 'FailedResourceClaimCreation', why)
      throw new Error(`pod ${namespace}/${name}, ${why}`)
    }
  }
  if (made.size > 0) await noteClaims(pod, made, context)
  if (!pod.spec?.nodeName) return
  for (const entry of pod.spec.resourceClaims ?? []) {
    const found = podClaimName(pod, entry)
    if (typeof found === 'string') continue
    const claim = context.cache.of(ResourceClaim).get(namespace, found.name)
    if (claim === undefined) return
    const problem = found.isGenerated ? notForPod(pod, claim) : undefined
    if (problem !== undefined) throw new Error(problem)
    if (needsReservation(pod, claim)) await reserve(pod, claim, context)
  }
}
