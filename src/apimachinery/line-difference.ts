/** Equal lines: `length` of them, from `left` of one text and from `right` of the other. */
interface Block {
  readonly left: number
  readonly right: number
  readonly length: number
}

interface Span {
  readonly left: number
  readonly leftEnd: number
  readonly right: number
  readonly rightEnd: number
}

const contextLines = 3
/** From so many lines on, those that are found all over the text are no landmarks. */
const longText = 200

/** Where each line is in a text, but for lines that are everywhere. */
function landmarks(lines: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>()
  lines.forEach((line, index) => {
    const known = places.get(line)
    if (known === undefined) places.set(line, [index])
    else known.push(index)
  })
  if (lines.length < longText) return places
  const most = Math.floor(lines.length / 100) + 1
  return new Map([...places].filter(([, indices]) => indices.length <= most))
}

/** Finds what two texts share as Python's difflib does: the longest equal part, then the same on both sides of it. */
class Comparison {
  readonly #left: readonly string[]
  readonly #right: readonly string[]
  readonly #places: ReadonlyMap<string, readonly number[]>

  constructor(left: readonly string[], right: readonly string[]) {
    this.#left = left
    this.#right = right
    this.#places = landmarks(right)
  }

  blocks(): readonly Block[] {
    const found: Block[] = []
    const whole = { left: 0, leftEnd: this.#left.length, right: 0, rightEnd: this.#right.length }
    for (const spans: Span[] = [whole]; ; ) {
      const span = spans.pop()
      if (span === undefined) break
      const block = this.#longest(span)
      if (block.length === 0) continue
      found.push(block)
      spans.push({ ...span, leftEnd: block.left, rightEnd: block.right })
      spans.push({ ...span, left: block.left + block.length, right: block.right + block.length })
    }
    return found.sort((a, b) => a.left - b.left)
  }

  #longest({ left, leftEnd, right, rightEnd }: Span): Block {
    let best: Block = { left, right, length: 0 }
    // By where in the right text they end: the lengths of the equal parts that end at the line before.
    let lengths = new Map<number, number>()
    for (let at = left; at < leftEnd; at++) {
      const next = new Map<number, number>()
      for (const place of this.#places.get(this.#left[at] ?? '') ?? []) {
        if (place < right) continue
        if (place >= rightEnd) break
        const length = (lengths.get(place - 1) ?? 0) + 1
        next.set(place, length)
        if (length > best.length) best = { left: at - length + 1, right: place - length + 1, length }
      }
      lengths = next
    }
    return this.#widened(best, { left, leftEnd, right, rightEnd })
  }

  /** With the lines on both sides that are no landmarks. */
  #widened(block: Block, span: Span): Block {
    let { left, right, length } = block
    const same = (a: number, b: number): boolean => this.#left[a] === this.#right[b]
    while (left > span.left && right > span.right && same(left - 1, right - 1)) {
      left--
      right--
      length++
    }
    while (
      left + length < span.leftEnd &&
      right + length < span.rightEnd &&
      same(left + length, right + length)
    )
      length++
    return { left, right, length }
  }
}

const emptySpan = (span: Span): boolean => span.left === span.leftEnd && span.right === span.rightEnd

/** What differs, in order. */
function changes(left: readonly string[], right: readonly string[]): readonly Span[] {
  const spans: Span[] = []
  let [a, b] = [0, 0]
  const end = { left: left.length, right: right.length, length: 0 }
  for (const block of [...new Comparison(left, right).blocks(), end]) {
    const span = { left: a, leftEnd: block.left, right: b, rightEnd: block.right }
    if (!emptySpan(span)) spans.push(span)
    a = block.left + block.length
    b = block.right + block.length
  }
  return spans
}

/** Changes that are no further from each other than what is shown around them. */
function hunks(spans: readonly Span[]): readonly (readonly Span[])[] {
  const groups: Span[][] = []
  for (const span of spans) {
    const group = groups.at(-1)
    const before = group?.at(-1)
    if (group === undefined || before === undefined || span.left - before.leftEnd > 2 * contextLines)
      groups.push([span])
    else group.push(span)
  }
  return groups
}

function rangeText(start: number, end: number): string {
  const length = end - start
  if (length === 1) return `${start + 1}`
  return `${length === 0 ? start : start + 1},${length}`
}

function hunkText(group: readonly Span[], left: readonly string[], right: readonly string[]): string {
  const [first, last] = [group[0], group.at(-1)]
  if (first === undefined || last === undefined) return ''
  const before = Math.min(contextLines, first.left)
  const after = Math.min(contextLines, left.length - last.leftEnd)
  const lines = [
    `@@ -${rangeText(first.left - before, last.leftEnd + after)} +${rangeText(first.right - before, last.rightEnd + after)} @@`,
  ]
  const add = (mark: string, text: readonly string[]): void => {
    for (const line of text) lines.push(mark + line)
  }
  let at = first.left - before
  for (const span of group) {
    add(' ', left.slice(at, span.left))
    add('-', left.slice(span.left, span.leftEnd))
    add('+', right.slice(span.right, span.rightEnd))
    at = span.leftEnd
  }
  add(' ', left.slice(at, at + after))
  return lines.map((line) => `${line}\n`).join('')
}

/** The unified difference of two texts, line by line, without names of files. */
export function lineDifference(before: string, after: string): string {
  const [left, right] = [before.split('\n'), after.split('\n')]
  return hunks(changes(left, right))
    .map((group) => hunkText(group, left, right))
    .join('')
}
