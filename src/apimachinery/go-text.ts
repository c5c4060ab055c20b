/**
 * Texts as Go prints them: API messages quote what the user sent with `%q` or as `json.Marshal` writes it,
 * and clients compare them.
 */
const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

const needsEscape = /["\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u
const needsEscapeEach = /["\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu

function escapeForQuote(character: string): string {
  const short = shortEscapes[character]
  if (short !== undefined) return short
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}

/** `strconv.Quote`: what `%q` prints for a string. */
export function goQuote(text: string): string {
  return needsEscape.test(text) ? `"${text.replace(needsEscapeEach, escapeForQuote)}"` : `"${text}"`
}

const htmlUnsafe = /[<>&\u2028\u2029]/g

/** `json.Marshal`: compact, with the characters escaped that are unsafe in HTML. */
export const goJson = (value: unknown): string => safeForHtml(JSON.stringify(value) ?? 'null')

/** `json.MarshalIndent` with one space for each level. */
export const goIndentedJson = (value: unknown): string =>
  safeForHtml(JSON.stringify(value, null, 1) ?? 'null')

/** JSON with the characters escaped as Go's encoder does. */
export function safeForHtml(text: string): string {
  return text.replace(
    htmlUnsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `%v` for a list of strings: `[a b]`. */
export function goList(values: readonly string[]): string {
  return `[${values.join(' ')}]`
}

/** `%v` for a decoded JSON value: `map[a:1 b:[x y]]`. */
export function goValueText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goValueText).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const fields: Readonly<Record<string, unknown>> = { ...value }
  const members = Object.keys(fields).sort()
  return `map[${members.map((key) => `${key}:${goValueText(fields[key])}`).join(' ')}]`
}

/** `strconv.Atoi`: a whole number in decimal digits; undefined where that fails. */
export const goInt = (text: string | undefined): number | undefined =>
  text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined
