import type { ObjectMeta } from '../../apimachinery/meta.ts'

const suffix = '.static.k8s.io'

/** Names that upstream keeps for configurations in files. */
export function staticSuffixWarnings({ metadata }: { readonly metadata?: ObjectMeta }): readonly string[] {
  if (metadata?.name?.endsWith(suffix) !== true) return []
  return [
    `metadata.name: names ending with "${suffix}" are reserved for static manifest-based configurations and cannot be managed via the API`,
  ]
}
