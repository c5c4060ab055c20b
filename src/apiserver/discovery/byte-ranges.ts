export interface ByteRange {
  readonly start: number
  readonly length: number
}

export type RangeProblem = 'invalid range' | 'invalid range: failed to overlap'

const number = (text: string): number => (/^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN)

function readRange(text: string, size: number): ByteRange | 'beyond' | undefined {
  const dash = text.indexOf('-')
  if (dash < 0) return undefined
  const first = text.slice(0, dash).trim()
  const last = text.slice(dash + 1).trim()
  const start = number(first)
  const end = number(last)
  if (first === '') {
    if (!(end >= 0) || last.startsWith('-')) return undefined
    const length = Math.min(end, size)
    return { start: size - length, length }
  }
  if (!(start >= 0)) return undefined
  if (start >= size) return 'beyond'
  if (last === '') return { start, length: size - start }
  if (!(end >= start)) return undefined
  return { start, length: Math.min(end, size - 1) - start + 1 }
}

/**
 * What a `Range` header asks for of `size` bytes, as Go reads it; none: all of them, also where the ranges together are
 * more than that.
 */
export function readRanges(header: string, size: number): readonly ByteRange[] | RangeProblem {
  if (header === '') return []
  if (!header.startsWith('bytes=')) return 'invalid range'
  const ranges: ByteRange[] = []
  let isBeyond = false
  for (const text of header.slice('bytes='.length).split(',')) {
    if (text.trim() === '') continue
    const range = readRange(text.trim(), size)
    if (range === undefined) return 'invalid range'
    if (range === 'beyond') isBeyond = true
    else ranges.push(range)
  }
  if (isBeyond && ranges.length === 0) return size === 0 ? [] : 'invalid range: failed to overlap'
  return ranges.reduce((sum, { length }) => sum + length, 0) > size ? [] : ranges
}
