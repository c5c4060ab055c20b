import type { StringMap } from '../../../../apimachinery/meta.ts'
import { amountOf } from '../../../../apimachinery/quantity.ts'

const nanoPerUnit = 1_000_000_000n
const wholeNumber = /^\d+(?:[KMGTPE]i|[kMGTPE])?$/

function isFractional(quantity: string): boolean {
  if (wholeNumber.test(quantity)) return false
  return (amountOf(quantity)?.nano ?? 0n) % nanoPerUnit !== 0n
}

/** Parts of bytes make no sense. `path` is the list's. */
export function fractionalWarnings(
  list: StringMap | undefined,
  resource: string,
  path: string,
  warnings: string[],
): void {
  const quantity = list?.[resource]
  if (quantity === undefined || !isFractional(quantity)) return
  warnings.push(`${path}[${resource}]: fractional byte value "${quantity}" is invalid, must be an integer`)
}
