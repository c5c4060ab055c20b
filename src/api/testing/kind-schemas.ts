import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { builtInSchemas } from '../schemas.ts'

export interface KindSchema {
  readonly kind: GroupVersionKind
  readonly schema: Schema
}

/** All built-in types that stand for exactly one kind. */
export function kindSchemas(): readonly KindSchema[] {
  return builtInSchemas.names().flatMap((name) => {
    const schema = builtInSchemas.get(name)
    const kinds = schema?.kinds ?? []
    const [kind] = kinds
    return schema !== undefined && kind !== undefined && kinds.length === 1 ? [{ kind, schema }] : []
  })
}

/** The kind `apps/v1/Deployment` or `v1/Pod`. */
export function kindSchema(path: string): KindSchema {
  const [kind = '', version = '', group = ''] = path.split('/').toReversed()
  const found = kindSchemas().find(({ kind: known }) => {
    return known.group === group && known.version === version && known.kind === kind
  })
  if (found === undefined) throw new Error(`no kind ${path}`)
  return found
}
