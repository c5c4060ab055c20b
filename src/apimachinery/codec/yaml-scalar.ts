import { resolvePlain } from './yaml-resolve.ts'

/** Where a text longer than that is broken, at the next space. */
const lineWidth = 80

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const clock = String.raw`\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?`
const timestamp = new RegExp(
  String.raw`^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]${clock}(?:Z|[+-]\d\d:\d\d)| ${clock})?$`,
)
/** What is written within double quotes only. */
const unprintable = /[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u
const escapedEach = /["\\\n\u2028\u2029]|[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/gu
const lineBreak = /[\n\r\u0085\u2028\u2029]/
/** What a plain text must not begin with, or have within it. */
const indicators = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?:\s|$)|---|\.\.\.)|:(?:\s|$)|[\s]#/

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '\u0085': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

function escaped(character: string): string {
  const short = shortEscapes[character]
  if (short !== undefined) return short
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`
}

function meansText(text: string): boolean {
  if (base60.test(text) || timestamp.test(text)) return false
  if (/^[+-]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text)) return false
  return resolvePlain(text) === text
}

export interface Place {
  /** Characters that the line has already. */
  readonly column: number
  /** Spaces before further lines. */
  readonly indent: number
  /** A key before a colon on the same line: nothing is broken. */
  readonly isKey: boolean
}

/** Breaks a text's units at single spaces behind the width; `lead` begins a line that would begin with a space. */
function fold(units: readonly string[], { column, indent, isKey }: Place, quoted: 'no' | "'" | '"'): string {
  let out = ''
  let at = column
  let afterSpace = false
  units.forEach((unit, index) => {
    const inside = quoted === 'no' || (index > 0 && index < units.length - 1)
    const next = units[index + 1]
    if (
      unit === ' ' &&
      !isKey &&
      !afterSpace &&
      at > lineWidth &&
      inside &&
      (quoted === '"' || next !== ' ')
    ) {
      out += `\n${' '.repeat(indent)}${quoted === '"' && next === ' ' ? '\\' : ''}`
      at = indent
    } else {
      out += unit
      at += [...unit].length
    }
    afterSpace = unit === ' '
  })
  return out
}

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : ''
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : ''
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
  return `|${hint}${chomp}\n${lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join('\n')}`
}

/** A text as upstream's YAML library writes it: plain, quoted in one of two ways, or as a block of lines. */
export function yamlText(text: string, place: Place): string {
  const isPlain = meansText(text)
  const special = unprintable.test(text) || / [\n\u0085\u2028\u2029]/.test(text)
  const atEnds = /^[ \n]|[ \n]$/.test(text)
  if (text.includes('\n') && !place.isKey && !special && !text.endsWith(' '))
    return literal(text, place.indent)
  const multiline = lineBreak.test(text)
  if (isPlain && !special && !multiline && !atEnds && text !== '' && !indicators.test(text))
    return fold([...text], place, 'no')
  if (isPlain && !special && !multiline)
    return `'${fold(
      [...text].map((one) => (one === "'" ? "''" : one)),
      { ...place, column: place.column + 1 },
      "'",
    )}'`
  const units = [...text].map((one) => one.replace(escapedEach, escaped))
  return `"${fold(units, { ...place, column: place.column + 1 }, '"')}"`
}
