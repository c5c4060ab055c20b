import { type DeviceLookups, deviceClaimEvaluator } from './device-claims.ts'
import type { QuotaEvaluator } from './evaluator.ts'
import { objectCount } from './object-count.ts'
import { podEvaluator } from './pods.ts'
import { serviceEvaluator } from './services.ts'
import { volumeClaimEvaluator } from './volume-claims.ts'

// biome-ignore lint/suspicious/noExplicitAny: evaluators of different kinds; each is given only objects of its own
export type AnyEvaluator = QuotaEvaluator<any>

/** Never counted: what is not stored, and events, which never have been. */
const ignored = new Set([
  'bindings',
  'componentstatuses',
  'events',
  'events.events.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
])

/** Resources of which more than the number of objects counts. */
export const specialEvaluators = (lookups: DeviceLookups): ReadonlyMap<string, AnyEvaluator> =>
  new Map<string, AnyEvaluator>([
    ['pods', podEvaluator],
    ['services', serviceEvaluator],
    ['persistentvolumeclaims', volumeClaimEvaluator],
    ['resourceclaims.resource.k8s.io', deviceClaimEvaluator(lookups)],
  ])

/** How objects of a resource count; undefined where they never do. */
export function evaluatorOf(
  special: ReadonlyMap<string, AnyEvaluator>,
  group: string,
  resource: string,
): AnyEvaluator | undefined {
  const name = group === '' ? resource : `${resource}.${group}`
  return ignored.has(name) ? undefined : (special.get(name) ?? objectCount(group, resource))
}
