import type { FieldError } from '../apimachinery/field-error.ts'
import { fieldForbidden } from '../apimachinery/field-errors.ts'
import type { FieldPath } from '../apimachinery/field-path.ts'
import type { ObjectMeta } from '../apimachinery/meta.ts'
import { validateAnnotations, validateLabels } from '../apimachinery/object-meta-validation.ts'

/** What may not be set, in the order of upstream's type. */
const forbidden: readonly (keyof ObjectMeta)[] = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

/** Upstream names a field by its Go name with a small first letter. */
const goNames: Readonly<Record<string, string>> = { uid: 'uID' }

/** Metadata that a generated object takes over: labels and annotations, and nothing else. */
export function validateTemplateMeta(metadata: ObjectMeta = {}, path: FieldPath, errors: FieldError[]): void {
  const { labels, annotations } = metadata
  validateAnnotations(annotations, path.child('annotations'), errors)
  validateLabels(labels, path.child('labels'), errors)
  for (const name of forbidden) {
    const value = metadata[name]
    if (value !== undefined && value !== '')
      errors.push(fieldForbidden(path.child(goNames[name] ?? name), 'cannot be set'))
  }
}
