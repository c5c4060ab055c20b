import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FieldDocs } from '../../apimachinery/openapi/field-docs.ts'

/** The texts of `kubectl explain`, which the build puts beside the bundle; none where the sources run unbundled. */
export function readFieldDocs(): FieldDocs {
  try {
    return JSON.parse(readFileSync(join(import.meta.dirname, 'field-docs.json'), 'utf8')) as FieldDocs
  } catch {
    return {} // documentation is all that is missing then
  }
}
