import { encodeText } from '../values/text.ts'

const simple: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

interface Body {
  readonly isRaw: boolean
  readonly text: string
}

/** What stands between the quotes. */
function bodyOf(literal: string): Body {
  const isRaw = /^[rR]/.test(literal)
  const quoted = (isRaw ? literal.slice(1) : literal).replace(/\r\n?/g, '\n')
  const quotes = quoted.length >= 6 && /^("""|''')/.test(quoted) ? 3 : 1
  return { isRaw, text: quoted.slice(quotes, -quotes) }
}

const escapes = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g

const codeOf = (groups: readonly (string | undefined)[]): number | undefined => {
  const [hex, short, long, octal] = groups
  const digits = hex ?? short ?? long
  if (digits !== undefined) return Number.parseInt(digits, 16)
  return octal === undefined ? undefined : Number.parseInt(octal, 8)
}

const isCharacter = (code: number): boolean => code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)

/** The text of a string literal; undefined if an escape names no character. */
export function unescapeString(literal: string): string | undefined {
  const { isRaw, text } = bodyOf(literal)
  if (isRaw || !text.includes('\\')) return text
  let ok = true
  const result = text.replace(escapes, (_, ...groups: (string | undefined)[]) => {
    const code = codeOf(groups)
    if (code === undefined) return simple[groups[4] ?? ''] ?? groups[4] ?? ''
    if (!isCharacter(code)) ok = false
    return isCharacter(code) ? String.fromCodePoint(code) : ''
  })
  return ok ? result : undefined
}

/** The bytes of a bytes literal, without its `b`: `\x` and octal escapes are bytes; undefined if it has `\u`. */
export function unescapeBytes(literal: string): Uint8Array | undefined {
  const { isRaw, text } = bodyOf(literal)
  if (isRaw || !text.includes('\\')) return encodeText(text)
  const bytes: number[] = []
  let from = 0
  for (const match of text.matchAll(escapes)) {
    const groups = match.slice(1)
    if (groups[1] !== undefined || groups[2] !== undefined) return undefined
    bytes.push(...encodeText(text.slice(from, match.index)))
    from = match.index + match[0].length
    const code = codeOf(groups)
    if (code === undefined) bytes.push(...encodeText(simple[groups[4] ?? ''] ?? groups[4] ?? ''))
    else bytes.push(code)
  }
  return Uint8Array.from([...bytes, ...encodeText(text.slice(from))])
}
