import type { core } from '../../../api/generated/types/index.ts'
import type { Host } from '../../../base/host.ts'
import type { PodEvaluator } from './evaluate-pod.ts'
import { type LevelVersion, levelText } from './policy.ts'

type Pod = core.v1.Pod

/** Upstream's bounds. */
const maxPods = 3000
const maxMs = 1000

/** One of each controller's pods before the others: they are alike. */
function distinctFirst(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>()
  const first: Pod[] = []
  const others: Pod[] = []
  for (const pod of pods) {
    const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true)?.uid
    if (owner !== undefined && seen.has(owner)) others.push(pod)
    else first.push(pod)
    if (owner !== undefined) seen.add(owner)
  }
  return [...first, ...others]
}

interface Finding {
  name: string
  count: number
}

const nameOf = ({ metadata }: Pod): string => metadata?.name ?? ''

function findingText(reason: string, { name, count }: Finding): string {
  if (count === 1) return `${name}: ${reason}`
  return `${name} (and ${count - 1} other ${count === 2 ? 'pod' : 'pods'}): ${reason}`
}

/** Warns of the pods in a namespace that its new level would not let in; for `inSteps`. */
export function* existingPodWarnings(
  host: Host,
  evaluator: PodEvaluator,
  namespace: string,
  enforce: LevelVersion,
  pods: readonly Pod[],
): Generator<void, readonly string[]> {
  const startMs = host.monotonicMs()
  const findings = new Map<string, Finding>()
  let checked = 0
  for (const pod of distinctFirst(pods)) {
    if (checked === maxPods || host.monotonicMs() - startMs > maxMs) break
    checked++
    yield
    const violations = evaluator.evaluate(enforce, pod.spec ?? { containers: [] }, pod.metadata ?? {})
    if (violations.none) continue
    const found = findings.get(violations.reasons) ?? { name: nameOf(pod), count: 0 }
    if (nameOf(pod) < found.name) found.name = nameOf(pod)
    found.count++
    findings.set(violations.reasons, found)
  }
  const partial = `new PodSecurity enforce level only checked against the first ${checked} of ${pods.length} existing pods`
  const violated = `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${levelText(enforce)}"`
  return [
    ...(checked < pods.length ? [partial] : []),
    ...(findings.size > 0 ? [violated] : []),
    ...[...findings].map(([reason, finding]) => findingText(reason, finding)).sort(),
  ]
}
