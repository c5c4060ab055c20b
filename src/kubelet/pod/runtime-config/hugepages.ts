import { quantityUnits } from '../../../apimachinery/quantity.ts'

const prefix = 'hugepages-'
const units = ['KB', 'MB', 'GB']

/** `2MB`, `1GB`: how the kernel's controller names sizes of pages. */
export function kernelPageSize(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${bytes / 1024 ** power}${units[power - 1] ?? 'KB'}`
}

/** Bytes of each size of page, by the kernel's name for it: `hugepages-2Mi` counts the pages of `2MB`; 0 for the others. */
export function hugepageAmounts(
  amounts: Iterable<readonly [resource: string, bytes: number]>,
  sizes: readonly string[],
): Readonly<Record<string, number>> {
  const all = new Map(sizes.map((size) => [size, 0]))
  for (const [name, bytes] of amounts) {
    if (!name.startsWith(prefix)) continue
    const size = kernelPageSize(quantityUnits(name.slice(prefix.length)))
    if (all.has(size)) all.set(size, bytes)
  }
  return Object.fromEntries(all)
}
