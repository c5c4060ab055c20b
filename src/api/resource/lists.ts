import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, tooMany } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'

type Validate<T> = (item: T, where: FieldPath, errors: FieldError[]) => void

/** A list of bounded length: of one that is too long nothing else is said. False: it is. */
export function validateItems<T>(
  items: readonly T[],
  maxItems: number,
  validate: Validate<T>,
  path: FieldPath,
  errors: FieldError[],
): boolean {
  if (items.length > maxItems) {
    errors.push(tooMany(path, items.length, maxItems))
    return false
  }
  items.forEach((item, index) => {
    validate(item, path.index(index), errors)
  })
  return true
}

/** As validateItems, and no two have the same key. */
export function validateDistinct<T>(
  items: readonly T[],
  maxItems: number,
  validate: Validate<T>,
  keyOf: (item: T) => string,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!validateItems(items, maxItems, validate, path, errors)) return
  const seen = new Set<string>()
  items.forEach((item, index) => {
    const key = keyOf(item)
    if (seen.has(key)) errors.push(duplicate(path.index(index), key))
    seen.add(key)
  })
}

const minShownKey = 16

/** A long key with its middle left out. */
export function shownKey(key: string, maxLength: number): string {
  const length = Math.max(maxLength, minShownKey)
  if (key.length <= length) return key
  const kept = length - 3
  return `${key.slice(0, Math.floor((kept + 1) / 2))}...${key.slice(key.length - Math.floor(kept / 2))}`
}
