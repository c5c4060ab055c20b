import type { Conformer } from '../codec/conformer.ts'
import type { Schemas } from '../schema.ts'
import type { ConformMetadata } from './embedded-objects.ts'

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const unknownField = /^unknown field "(.*)"$/

/** Metadata by the schema of ObjectMeta. */
export function metadataConformer(conformer: Conformer, schemas: Schemas): ConformMetadata {
  return (value, strict) => {
    const schema = schemas.get(objectMeta)
    if (schema === undefined) throw new Error(`there is no schema ${objectMeta}`)
    const conformed = conformer.conform(value, schema, { strict })
    const unknown = conformed.strictErrors.flatMap((text) => unknownField.exec(text)?.[1] ?? [])
    return { value: conformer.written(conformed.value, schema, 'json'), unknown }
  }
}
