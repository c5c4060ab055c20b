import type { rbac } from '../../api/generated/types/index.ts'
import type { ObjectMeta, StringMap } from '../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { uncoveredRules } from '../authorization/rule-covers.ts'

type ClusterRole = rbac.v1.ClusterRole
type Binding = rbac.v1.ClusterRoleBinding

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'

interface Annotated {
  readonly metadata?: ObjectMeta
}

/** An administrator may put an object out of the server's reach. */
const isProtected = ({ metadata }: Annotated): boolean => metadata?.annotations?.[autoUpdate] === 'false'

/** What is there wins over what is expected. */
const merge = (expected: StringMap | undefined, present: StringMap | undefined): StringMap | undefined =>
  expected === undefined && present === undefined ? undefined : { ...expected, ...present }

function mergeMetadata(expected: ObjectMeta = {}, present: ObjectMeta = {}): ObjectMeta {
  const annotations = merge(expected.annotations, present.annotations)
  const labels = merge(expected.labels, present.labels)
  return {
    ...present,
    ...(annotations === undefined ? {} : { annotations }),
    ...(labels === undefined ? {} : { labels }),
  }
}

type Selectors = NonNullable<ClusterRole['aggregationRule']>['clusterRoleSelectors']

function mergeSelectors(expected: Selectors = [], present: Selectors = []): Selectors {
  const missing = expected.filter((selector) => !present.some((other) => semanticallyEqual(selector, other)))
  return [...present, ...missing]
}

/** Adds what a role of the server lacks: rules, labels, selectors. What was added to it stays. Undefined: nothing to do. */
export function reconcileRole<T extends ClusterRole>(expected: T, present: T): T | undefined {
  if (isProtected(present)) return undefined
  const { aggregationRule, ...rest } = present
  const selectors = mergeSelectors(
    expected.aggregationRule?.clusterRoleSelectors,
    aggregationRule?.clusterRoleSelectors,
  )
  const rules = [...(present.rules ?? []), ...uncoveredRules(present.rules ?? [], expected.rules ?? [])]
  const mended = {
    ...rest,
    metadata: mergeMetadata(expected.metadata, present.metadata),
    ...(rules.length === 0 ? {} : { rules }),
    ...(expected.aggregationRule === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: selectors } }),
  }
  return semanticallyEqual(mended, present) ? undefined : { ...present, ...mended }
}

/** Adds the subjects that a binding of the server lacks; its role cannot be changed. */
export function reconcileBinding<T extends Binding>(expected: T, present: T): T | undefined {
  if (isProtected(present)) return undefined
  const own = present.subjects ?? []
  const missing = (expected.subjects ?? []).filter(
    (subject) => !own.some((other) => semanticallyEqual(subject, other)),
  )
  const mended = {
    ...present,
    metadata: mergeMetadata(expected.metadata, present.metadata),
    subjects: [...own, ...missing],
  }
  return semanticallyEqual(mended, present) ? undefined : mended
}
