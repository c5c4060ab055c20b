import { addressOf, type Endpoint } from './endpoint.ts'
import { type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from './service-port.ts'

/** Which node this is, for traffic that prefers what is near. */
export interface Place {
  readonly nodeName: string
  /** Its label `topology.kubernetes.io/zone`; '' without. */
  readonly zone: string
}

export interface ChosenEndpoints {
  /** For traffic that may go to any node. */
  readonly cluster: readonly Endpoint[]
  /** For traffic that must stay on this node. */
  readonly local: readonly Endpoint[]
  /** Both, each once. */
  readonly reachable: readonly Endpoint[]
  /** Whether there is a usable endpoint anywhere in the cluster, reachable from here or not. */
  readonly any: boolean
}

type Preference = (endpoint: Endpoint) => boolean

const anywhere: Preference = () => true
const isFallback: Preference = (endpoint) => endpoint.serving && endpoint.terminating

/** Hints count only where every ready endpoint has them and at least one is meant for this place. */
function preferenceOf(endpoints: readonly Endpoint[], place: Place): Preference {
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  const sameNode: Preference = (endpoint) => endpoint.nodeHints.includes(place.nodeName)
  if (ready.every(({ nodeHints }) => nodeHints.length > 0) && ready.some(sameNode)) return sameNode
  const sameZone: Preference = (endpoint) => endpoint.zoneHints.includes(place.zone)
  if (ready.every(({ zoneHints }) => zoneHints.length > 0) && ready.some(sameZone)) return sameZone
  return anywhere
}

function union(a: readonly Endpoint[], b: readonly Endpoint[]): readonly Endpoint[] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  return [...new Map([...a, ...b].map((endpoint) => [addressOf(endpoint), endpoint])).values()]
}

/**
 * Ready endpoints; where there are none, those that still serve while they terminate (KEP-1669), decided
 * for the cluster and for this node each on its own.
 */
export function chooseEndpoints(
  endpoints: readonly Endpoint[],
  port: ServicePort,
  place: Place,
): ChosenEndpoints {
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  const fallback = endpoints.filter(isFallback)
  let cluster: readonly Endpoint[] = []
  let local: readonly Endpoint[] = []
  let any = false
  if (usesClusterEndpoints(port)) {
    cluster = ready.length > 0 ? ready.filter(preferenceOf(endpoints, place)) : fallback
    any = cluster.length > 0
  }
  if (usesLocalEndpoints(port)) {
    any ||= ready.length > 0 || fallback.length > 0
    local = ready.filter((endpoint) => endpoint.local)
    if (local.length === 0) local = fallback.filter((endpoint) => endpoint.local)
  }
  return { cluster, local, reachable: union(cluster, local), any }
}
