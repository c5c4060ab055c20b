import type { core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'

type Condition = core.v1.NamespaceCondition

/** What is left of a namespace's content after an attempt to delete it. */
export interface Remains {
  /** `pods.` and `deployments.apps` → how many. */
  readonly resources: ReadonlyMap<string, number>
  readonly finalizers: ReadonlyMap<string, number>
  readonly errors: readonly string[]
  /** Group versions whose content is not known: `metrics.k8s.io/v1beta1` → why. */
  readonly undiscovered: ReadonlyMap<string, string>
}

/** In upstream's words. */
export const discoveryFailure = (undiscovered: ReadonlyMap<string, string>): string =>
  `unable to retrieve the complete list of server APIs: ${[...undiscovered]
    .map(([groupVersion, why]) => `${groupVersion}: ${why}`)
    .sort()
    .join(', ')}`

interface Verdict {
  readonly type: string
  readonly okReason: string
  readonly okMessage: string
  /** Reason and message where something is wrong. */
  readonly trouble: (remains: Remains) => readonly [reason: string, message: string] | undefined
}

const counted = (counts: ReadonlyMap<string, number>, verb: string): string =>
  [...counts]
    .map(([name, count]) => `${name} ${verb} ${count} resource instances`)
    .sort()
    .join(', ')

const verdicts: readonly Verdict[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    okReason: 'ResourcesDiscovered',
    okMessage: 'All resources successfully discovered',
    trouble: ({ undiscovered }) =>
      undiscovered.size === 0
        ? undefined
        : [
            'DiscoveryFailed',
            `Discovery failed for some groups, ${undiscovered.size} failing: ${discoveryFailure(undiscovered)}`,
          ],
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    okReason: 'ParsedGroupVersions',
    okMessage: 'All legacy kube types successfully parsed',
    trouble: () => undefined,
  },
  {
    type: 'NamespaceDeletionContentFailure',
    okReason: 'ContentDeleted',
    okMessage: 'All content successfully deleted, may be waiting on finalization',
    trouble: ({ errors }) =>
      errors.length === 0
        ? undefined
        : [
            'ContentDeletionFailed',
            `Failed to delete all resource types, ${errors.length} remaining: ${[...errors].sort().join(', ')}`,
          ],
  },
  {
    type: 'NamespaceContentRemaining',
    okReason: 'ContentRemoved',
    okMessage: 'All content successfully removed',
    trouble: ({ resources }) =>
      resources.size === 0
        ? undefined
        : ['SomeResourcesRemain', `Some resources are remaining: ${counted(resources, 'has')}`],
  },
  {
    type: 'NamespaceFinalizersRemaining',
    okReason: 'ContentHasNoFinalizers',
    okMessage: 'All content-preserving finalizers finished',
    trouble: ({ finalizers }) =>
      finalizers.size === 0
        ? undefined
        : [
            'SomeFinalizersRemain',
            `Some content in the namespace has finalizers remaining: ${counted(finalizers, 'in')}`,
          ],
  },
]

/** The conditions of a namespace that goes away. */
export function contentConditions(
  before: readonly Condition[] | undefined,
  remains: Remains,
  nowMs: number,
): readonly Condition[] {
  const known = new Map((before ?? []).map((condition) => [condition.type, condition]))
  for (const { type, okReason, okMessage, trouble } of verdicts) {
    const wrong = trouble(remains)
    const status = wrong === undefined ? 'False' : 'True'
    const [reason, message] = wrong ?? [okReason, okMessage]
    const old = known.get(type)
    const kept = old?.status === status ? old.lastTransitionTime : undefined
    const lastTransitionTime = kept ?? formatTime(nowMs)
    known.set(type, { ...old, type, status, lastTransitionTime, reason, message })
  }
  return [...known.values()]
}
