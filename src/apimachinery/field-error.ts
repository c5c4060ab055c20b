/** Reasons of field errors, as in `metav1.CauseType`. */
export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'FieldValueTooShort'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotFound'
  | 'InternalError'

/** What is wrong with one field. `field` is a path (`spec.containers[0].name`, `metadata.labels[a/b]`); `message` is upstream's full text without the path (`Required value: …`). */
export interface FieldError {
  readonly reason: FieldErrorReason
  readonly field: string
  readonly message: string
  /** Where the message shows an object or a list: the parts of the text around it. Upstream prints it as its Go type has it. */
  readonly shown?: { readonly before: string; readonly value: object; readonly after: string }
}
