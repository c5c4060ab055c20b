import type { FieldError } from '../apimachinery/field-error.ts'
import { invalidValue, required, tooLong } from '../apimachinery/field-errors.ts'
import type { FieldPath } from '../apimachinery/field-path.ts'
import { isQualifiedName } from '../apimachinery/label-syntax.ts'
import { maxAnnotationBytes } from '../apimachinery/object-meta-validation.ts'
import { utf8Length } from '../apimachinery/utf8-length.ts'

/** What a pod tells the signer of its certificates: annotations whose keys have domains. */
export function validateUserAnnotations(
  annotations: Readonly<Record<string, string>>,
  where: FieldPath,
  errors: FieldError[],
): void {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) {
    bytes += utf8Length(key) + utf8Length(value)
    const name = key.toLowerCase()
    const complaints = isQualifiedName(name)
    if (name === '') errors.push(required(where))
    else if (complaints.length === 0 && !name.includes('/'))
      errors.push(invalidValue(where, name, 'must be a domain-prefixed key (such as "acme.io/foo")'))
    else for (const complaint of complaints) errors.push(invalidValue(where, name, complaint))
  }
  if (bytes > maxAnnotationBytes) errors.push(tooLong(where, maxAnnotationBytes))
}
