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

/** The value that a message shows, and the parts of the text around it. */
export interface ShownValue {
  readonly before: string
  readonly value: object
  /** What it would become: then the message shows how the two differ. */
  readonly next?: object
  /** The Go type, where the path does not lead to one that has the value. */
  readonly struct?: string
  readonly after: string
}

/** What is wrong with one field. `field` is a path (`spec.containers[0].name`, `metadata.labels[a/b]`); `message` is upstream's full text without the path (`Required value: …`). */
export interface FieldError {
  readonly reason: FieldErrorReason
  readonly field: string
  readonly message: string
  /** Where the message shows an object or a list. Upstream prints it as its Go type has it. */
  readonly shown?: ShownValue
}
