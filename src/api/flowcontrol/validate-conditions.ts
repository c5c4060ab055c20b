import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, required } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'

/** Conditions of flow schemas and priority levels, whose fields are all optional. */
export function validateFlowConditions(
  conditions: readonly { readonly type?: string }[] | undefined,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  conditions?.forEach(({ type = '' }, index) => {
    const where = fieldPath('status').child('conditions').index(index).child('type')
    if (seen.has(type)) errors.push(duplicate(where, type))
    seen.add(type)
    if (type === '') errors.push(required(where))
  })
}
