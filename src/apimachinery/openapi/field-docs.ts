/** What a type and its fields are for, as `scripts/field-docs.ts` gathers it. */
export interface TypeDocs {
  readonly description?: string
  readonly fields: Readonly<Record<string, string>>
}

/** By OpenAPI name. Empty where nobody has gathered them: explain then shows fields without words. */
export type FieldDocs = Readonly<Record<string, TypeDocs>>
