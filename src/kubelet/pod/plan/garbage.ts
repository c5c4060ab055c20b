import type { ObservedContainer, ObservedPod } from '../observed-pod.ts'

export interface Garbage {
  readonly containers: readonly ObservedContainer[]
  readonly sandboxIds: readonly string[]
}

/** Dead containers kept of each name, so that `logs --previous` has something to show (upstream's MaxPerPodContainer). */
const keptDead = 1

/** What a pod no longer needs: dead containers beyond the newest of each name, dead sandboxes that hold nothing. */
export function podGarbage(observed: ObservedPod): Garbage {
  const dead = new Map<string, number>()
  const containers = observed.containers.filter((container) => {
    if (container.state !== 'exited') return false
    const seen = dead.get(container.name) ?? 0
    dead.set(container.name, seen + 1)
    return seen >= keptDead
  })
  const gone = new Set(containers.map(({ id }) => id))
  const used = new Set(
    observed.containers.filter(({ id }) => !gone.has(id)).map(({ sandboxId }) => sandboxId),
  )
  const sandboxIds = observed.sandboxes
    .slice(1)
    .filter((sandbox) => sandbox.state !== 'SANDBOX_READY' && !used.has(sandbox.id))
    .map(({ id }) => id)
  return { containers, sandboxIds }
}
