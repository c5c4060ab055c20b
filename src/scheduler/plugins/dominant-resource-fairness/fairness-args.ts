import { invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'

export interface DominantResourceFairnessArgs {
  /** Resources that count; absent: all. */
  readonly resources?: readonly string[]
}

export function readFairnessArgs(reader: FieldsReader): DominantResourceFairnessArgs {
  const resources = reader.texts('resources') ?? []
  for (const [index, name] of resources.entries())
    for (const detail of isQualifiedName(name))
      reader.fail(invalidValue(`${reader.at('resources')}[${index}]`, name, detail))
  return resources.length === 0 ? {} : { resources }
}
