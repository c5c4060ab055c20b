import { goQuote } from '../../../apimachinery/go-text.ts'

/** Processors, by the kernel's numbers for them. */
export type CpuSet = ReadonlySet<number>

export const noCpus: CpuSet = new Set()

export const sortedCpus = (cpus: Iterable<number>): readonly number[] => [...cpus].sort((a, b) => a - b)

function whole(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`)
  return Number(text)
}

/** More than a kernel can have: a range is not to fill the memory. */
const maxCpus = 65_536

/** A list of the kernel's: `0-5,34,46-48` (cpuset(7)). Throws an Error in upstream's words. */
export function parseCpuSet(text: string): CpuSet {
  const cpus = new Set<number>()
  if (text === '') return cpus
  for (const range of text.split(',')) {
    const dash = range.indexOf('-')
    const start = whole(dash < 0 ? range : range.slice(0, dash))
    const end = dash < 0 ? start : whole(range.slice(dash + 1))
    if (start > end) throw new Error(`invalid range ${goQuote(range)} (${start} > ${end})`)
    if (end - start >= maxCpus) throw new Error(`${range} is more than ${maxCpus} processors`)
    for (let cpu = start; cpu <= end; cpu++) cpus.add(cpu)
  }
  return cpus
}

/** The kernel's list of a set, in order; '' for none. */
export function cpuSetText(cpus: CpuSet): string {
  const ranges: { readonly start: number; end: number }[] = []
  for (const cpu of sortedCpus(cpus)) {
    const last = ranges.at(-1)
    if (last !== undefined && cpu === last.end + 1) last.end = cpu
    else ranges.push({ start: cpu, end: cpu })
  }
  return ranges.map(({ start, end }) => (start === end ? String(start) : `${start}-${end}`)).join(',')
}

export const sameCpus = (a: CpuSet, b: CpuSet): boolean => a.size === b.size && a.isSubsetOf(b)
