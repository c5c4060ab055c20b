import type { core, discovery } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { defined } from '../../base/defined.ts'
import {
  type Endpoint,
  isReady,
  mapEndpoints,
  mapSlices,
  type SliceChanges,
  withoutHints,
} from './slice-changes.ts'

const known: readonly string[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode']

/** Both together switch hints by zone on; the first wins where they differ. */
const modeAnnotations = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode']

/** Whether zones get shares of endpoints by their processors, as an annotation asks. */
export function isTopologyAware({ metadata }: core.v1.Service): boolean {
  const annotations = metadata?.annotations ?? {}
  const mode = modeAnnotations.map((name) => annotations[name]).find((value) => value !== undefined)
  return mode === 'Auto' || mode === 'auto'
}

/** Where the service's traffic is to stay, if it says so and no annotation says otherwise. */
export function trafficDistributionOf(service: core.v1.Service): string | undefined {
  const wish = service.spec?.trafficDistribution
  return wish !== undefined && known.includes(wish) && !isTopologyAware(service) ? wish : undefined
}

function hintsFor({ zone, nodeName }: Endpoint, wish: string): discovery.v1.EndpointHints | undefined {
  const forZones = zone === undefined ? undefined : [{ name: zone }]
  const forNodes = nodeName === undefined || wish !== 'PreferSameNode' ? undefined : [{ name: nodeName }]
  return forZones === undefined && forNodes === undefined ? undefined : defined({ forNodes, forZones })
}

/** KEP-4444: every ready endpoint hints at its own zone, with PreferSameNode also at its node. */
export function hintAtOwn(changes: SliceChanges, wish: string): SliceChanges {
  return mapSlices(changes, (slice) =>
    mapEndpoints(slice, (endpoint) => {
      if (!isReady(endpoint)) return endpoint
      const hints = hintsFor(endpoint, wish)
      if (hints === undefined) return withoutHints(endpoint)
      return jsonEqual(endpoint.hints, hints) ? endpoint : { ...endpoint, hints }
    }),
  )
}
