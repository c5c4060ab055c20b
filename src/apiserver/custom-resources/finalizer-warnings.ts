import { goQuote } from '../../apimachinery/go-text.ts'
import { isQualifiedName } from '../../apimachinery/label-syntax.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'

const standard = ['orphan', 'foregroundDeletion', 'kubernetes']

function warningsFor(finalizer: string): readonly string[] {
  const say = (text: string): string => `metadata.finalizers: ${goQuote(finalizer)}: ${text}`
  const warnings = isQualifiedName(finalizer).map(say)
  if (finalizer.includes('/') || standard.includes(finalizer)) return warnings
  const path = finalizer.includes('.') ? ' including a path (/)' : ''
  const advice = `prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`
  return [...warnings, say(advice)]
}

/** What clients are told of finalizers that they add. */
export function finalizerWarnings(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): readonly string[] {
  const before = old?.metadata?.finalizers ?? []
  const added = (object.metadata?.finalizers ?? []).filter((finalizer) => !before.includes(finalizer))
  return [...new Set(added)].sort().flatMap(warningsFor)
}
