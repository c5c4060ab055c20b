import type { Key } from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'
import type { VolumeUse } from './pod-volumes.ts'
import { areInConflict } from './volume-label.ts'

/** Between two pods, as one of them is told of it. */
export interface Conflict {
  readonly property: 'SELinuxChangePolicy' | 'SELinuxLabel'
  readonly pod: Key
  readonly value: string
  readonly other: Key
  readonly otherValue: string
}

/** What an event says of it: nothing of what is in other namespaces. */
export function conflictMessage({ property, pod, value, other, otherValue }: Conflict): string {
  const end = 'If both pods land on the same node, only one of them may access the volume.'
  const [namespace] = splitKey(pod)
  const [otherNamespace, otherName] = splitKey(other)
  return namespace === otherNamespace
    ? `${property} "${value}" conflicts with pod ${otherName} that uses the same volume as this pod with ${property} "${otherValue}". ${end}`
    : `${property}"${value}" conflicts with another pod that uses the same volume as this pod with a different ${property}. ${end}`
}

function bothWays(
  property: Conflict['property'],
  [pod, value]: readonly [Key, string],
  [other, otherValue]: readonly [Key, string],
): readonly Conflict[] {
  return [
    { property, pod, value, other, otherValue },
    { property, pod: other, value: otherValue, other: pod, otherValue: value },
  ]
}

function conflictsOf(pod: Key, use: VolumeUse, users: ReadonlyMap<Key, VolumeUse>): readonly Conflict[] {
  return [...users].flatMap(([other, theirs]) => [
    ...(theirs.policy === use.policy
      ? []
      : bothWays('SELinuxChangePolicy', [pod, use.policy], [other, theirs.policy])),
    ...(areInConflict(theirs.label, use.label)
      ? bothWays('SELinuxLabel', [pod, use.label], [other, theirs.label])
      : []),
  ])
}

const isSameUse = (a: VolumeUse | undefined, b: VolumeUse): boolean =>
  a?.label === b.label && a.policy === b.policy

/** Who uses which volume, of the pods that have not ended. */
export class VolumeUsers {
  readonly #users = new Map<string, Map<Key, VolumeUse>>()
  readonly #volumesOf = new Map<Key, Set<string>>()

  /** Gives the conflicts that are new by it, as both sides see them. */
  add(pod: Key, use: VolumeUse): readonly Conflict[] {
    const users = this.#users.get(use.volume) ?? new Map<Key, VolumeUse>()
    this.#users.set(use.volume, users)
    if (isSameUse(users.get(pod), use)) return []
    users.set(pod, use)
    const volumes = this.#volumesOf.get(pod) ?? new Set()
    this.#volumesOf.set(pod, volumes.add(use.volume))
    return conflictsOf(pod, use, users)
  }

  remove(pod: Key): void {
    for (const volume of this.#volumesOf.get(pod) ?? []) {
      const users = this.#users.get(volume)
      users?.delete(pod)
      if (users?.size === 0) this.#users.delete(volume)
    }
    this.#volumesOf.delete(pod)
  }

  /** Those whose labels depend on what a CSI driver can do. */
  podsOfDriver(driver: string): readonly Key[] {
    return [...this.#users.values()].flatMap((users) =>
      [...users].flatMap(([pod, use]) => (use.driver === driver ? [pod] : [])),
    )
  }

  /** All that there are now, from both sides. */
  conflicts(): readonly Conflict[] {
    return [...this.#users.values()].flatMap((users) => {
      const seen = new Map<Key, VolumeUse>()
      return [...users].flatMap(([pod, use]) => {
        const found = conflictsOf(pod, use, seen)
        seen.set(pod, use)
        return found
      })
    })
  }
}
