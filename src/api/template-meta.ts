import type { FieldError } from '../apimachinery/field-error.ts'
import { fieldForbidden } from '../apimachinery/field-errors.ts'
import type { FieldPath } from '../apimachinery/field-path.ts'
import type { ObjectMeta } from '../apimachinery/meta.ts'
import { validateAnnotations, validateLabels } from '../apimachinery/object-meta-validation.ts'

/** Upstream names a field by its Go name with a small first letter. */
const goNames: Readonly<Record<string, string>> = { uid: 'uID' }

/** Metadata that a generated object takes over: labels and annotations, and nothing else. */
export function validateTemplateMeta(metadata: ObjectMeta = {}, path: FieldPath, errors: FieldError[]): void {
  const { labels, annotations, ...others } = metadata
  validateAnnotations(annotations, path.child('annotations'), errors)
  validateLabels(labels, path.child('labels'), errors)
  for (const [name, value] of Object.entries(others))
    if (value !== undefined && value !== '')
      errors.push(fieldForbidden(path.child(goNames[name] ?? name), 'cannot be set'))
}
