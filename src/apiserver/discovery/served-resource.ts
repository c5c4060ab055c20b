import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { CustomTypes } from '../../apimachinery/openapi/custom-types.ts'
import {
  type OpenApiSubresource,
  openApiResources,
  type SubresourceTable,
} from '../../apimachinery/openapi/openapi-resource.ts'

/** A resource as clients may discover it. */
export interface ServedResource {
  readonly kind: KindDeclaration
  readonly subresources: readonly OpenApiSubresource[]
  /** Present for custom resources. */
  readonly custom?: CustomTypes
}

/**
 * The declared kinds with those of their subresources that are there. `table` is the generated one: it knows the
 * kinds and verbs of subresources that a declaration does not name; `serves` says which of them are answered.
 */
export function servedResources(
  kinds: readonly KindDeclaration[],
  table: readonly SubresourceTable[],
  serves: (kind: KindDeclaration, subresource: string) => boolean,
): readonly ServedResource[] {
  const described = openApiResources(kinds, table)
  return kinds.map((kind, index) => ({
    kind,
    subresources: (described[index]?.subresources ?? []).filter(
      ({ name }) => !name.includes('{') && serves(kind, name),
    ),
  }))
}
