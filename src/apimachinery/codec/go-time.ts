import { goQuote } from '../go-text.ts'

interface Element {
  readonly layout: string
  readonly pattern: RegExp
  /** The largest value, where it has one, and what Go calls the element. */
  readonly range?: { readonly name: string; readonly least: number; readonly most: number }
}

const digits = (layout: string, name: string, least: number, most: number): Element => ({
  layout,
  pattern: /^\d\d/,
  range: { name, least, most },
})
const literal = (layout: string): Element => ({ layout, pattern: new RegExp(`^${layout}`) })

const dateAndTime: readonly Element[] = [
  { layout: '2006', pattern: /^\d{4}/ },
  literal('-'),
  digits('01', 'month', 1, 12),
  literal('-'),
  digits('02', 'day', 1, 31),
  literal('T'),
  digits('15', 'hour', 0, 23),
  literal(':'),
  digits('04', 'minute', 0, 59),
  literal(':'),
  digits('05', 'second', 0, 59),
]
const zone: Element = { layout: 'Z07:00', pattern: /^(?:Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)/ }

const secondElements = [...dateAndTime, { layout: '', pattern: /^(?:[.,]\d+)?/ }, zone]
const microElements = [...dateAndTime, { layout: '.000000', pattern: /^[.,]\d{6}/ }, zone]

/** Layouts of `metav1.Time` and `metav1.MicroTime`. */
export type TimeLayout = '2006-01-02T15:04:05Z07:00' | '2006-01-02T15:04:05.000000Z07:00'

/** Go's error for a text that `time.Parse` does not take; undefined if it does. */
export function goTimeError(text: string, layout: TimeLayout): string | undefined {
  const elements = layout === '2006-01-02T15:04:05Z07:00' ? secondElements : microElements
  let rest = text
  for (const { layout: element, pattern, range } of elements) {
    const found = pattern.exec(rest)?.[0]
    if (found === undefined) {
      return `parsing time ${goQuote(text)} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(element)}`
    }
    if (range !== undefined && (Number(found) < range.least || Number(found) > range.most)) {
      return `parsing time ${goQuote(text)}: ${range.name} out of range`
    }
    rest = rest.slice(found.length)
  }
  if (rest !== '') return `parsing time ${goQuote(text)}: extra text: ${goQuote(rest)}`
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 ? undefined : `parsing time ${goQuote(text)}: day out of range`
}
