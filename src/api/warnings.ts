import { goList } from '../apimachinery/go-text.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { isDns1123Label } from '../apimachinery/names.ts'

/** Names of workloads end up in names of pods, and those in host names. */
export function podNameWarnings(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): readonly string[] {
  const complaints = old === undefined ? isDns1123Label(object.metadata?.name ?? '') : []
  if (complaints.length === 0) return []
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: ${goList(complaints)}`,
  ]
}
