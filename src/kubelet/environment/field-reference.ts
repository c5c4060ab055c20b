import type { core } from '../../api/generated/types/index.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { quantityMilli, quantityUnits } from '../../apimachinery/quantity.ts'
import { allContainersOf } from '../pod/plan/restart-policy.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

/** What the downward API shows of a pod's place in the cluster. */
export interface PodPlace {
  readonly hostIps: readonly string[]
  readonly podIps: readonly string[]
  /** The node's allocatable resources: limits where neither a container nor its pod sets any. */
  readonly allocatable: Readonly<Record<string, string>>
}

/** A map as `key="value"` lines, sorted. */
const formatMap = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${goQuote(map?.[key] ?? '')}`)
    .join('\n')

const subscripted = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/s

/** The value of a `fieldRef`; throws for a path that is not supported. */
export function fieldValue(pod: Pod, path: string, place: PodPlace): string {
  const { metadata, spec } = pod
  const match = subscripted.exec(path)
  if (match !== null) {
    const map = match[1] === 'metadata.labels' ? metadata?.labels : metadata?.annotations
    return map?.[match[2] ?? ''] ?? ''
  }
  switch (path) {
    case 'metadata.name':
      return metadata?.name ?? ''
    case 'metadata.namespace':
      return metadata?.namespace ?? ''
    case 'metadata.uid':
      return metadata?.uid ?? ''
    case 'metadata.labels':
      return formatMap(metadata?.labels)
    case 'metadata.annotations':
      return formatMap(metadata?.annotations)
    case 'spec.nodeName':
      return spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? ''
    case 'status.hostIP':
      return place.hostIps[0] ?? ''
    case 'status.hostIPs':
      return place.hostIps.join(',')
    case 'status.podIP':
      return place.podIps[0] ?? ''
    case 'status.podIPs':
      return place.podIps.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${path}`)
  }
}

const isNought = (amount: string | undefined): boolean => amount === undefined || quantityMilli(amount) === 0

/** What limits a container that sets no limit: its pod as a whole, or the node. */
function outerLimit({ spec }: Pod, resource: string, { allocatable }: PodPlace): string {
  const node = allocatable[resource]
  const whole = resource === 'cpu' || resource === 'memory' ? spec?.resources?.limits?.[resource] : undefined
  return node === undefined || whole === undefined || isNought(whole) ? (node ?? '0') : whole
}

/** The value of a `resourceFieldRef`, in units of its divisor, rounded up. `container` is the one that asks. */
export function resourceValue(
  reference: core.v1.ResourceFieldSelector,
  pod: Pod,
  container: Container | undefined,
  place: PodPlace,
): string {
  const named = reference.containerName ?? ''
  const subject = named === '' ? container : allContainersOf(pod).find(({ name }) => name === named)
  if (subject === undefined) throw new Error(`container ${named} not found`)
  const [, kind, resource = ''] = /^(limits|requests)\.(.+)$/.exec(reference.resource) ?? []
  if (kind === undefined || !/^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(resource)) {
    throw new Error(`unsupported container resource : ${reference.resource}`)
  }
  const own = kind === 'limits' ? subject.resources?.limits : subject.resources?.requests
  const given = own?.[resource]
  const unlimited = kind === 'limits' && isNought(given)
  const value = unlimited ? outerLimit(pod, resource, place) : (given ?? '0')
  const divisor = reference.divisor ?? '1'
  return String(divide(resource, value, quantityMilli(divisor) === 0 ? '1' : divisor))
}

const divide = (resource: string, value: string, divisor: string): number =>
  resource === 'cpu'
    ? Math.ceil(quantityMilli(value) / quantityMilli(divisor))
    : Math.ceil(quantityUnits(value) / quantityUnits(divisor))
