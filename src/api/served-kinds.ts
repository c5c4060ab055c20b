import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { Features } from '../apimachinery/feature-gates.ts'
import { type RuntimeConfig, servedOf } from '../apimachinery/runtime-config.ts'
import { assert } from '../base/assert.ts'
import { kinds } from './kinds.ts'

export interface ServedKinds {
  readonly served: readonly KindDeclaration[]
  /** What some of the served ones are stored as, in versions that are not served. */
  readonly hidden: readonly KindDeclaration[]
}

function storedAs(kind: KindDeclaration): KindDeclaration {
  const version = kind.stored?.version
  if (version === undefined) return kind
  const found = kinds.find(
    (each) => each.group === version.group && each.version === version.version && each.kind === version.kind,
  )
  assert(found !== undefined, `${kind.version} ${kind.kind} is stored as a kind that nobody declares`)
  return found
}

/** The built-in kinds that a server with this configuration has. Throws an Error for a setting that means nothing. */
export function servedKinds(config: RuntimeConfig, features: Features): ServedKinds {
  const served = servedOf(kinds, config).filter(
    ({ featureGate }) => featureGate === undefined || features.enabled(featureGate),
  )
  const stored = new Set(served.filter(({ verbs }) => verbs.includes('get')).map(storedAs))
  return { served, hidden: [...stored].filter((kind) => !served.includes(kind)) }
}
