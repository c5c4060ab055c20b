import type { Issues } from './issues.ts'

export type TokenKind =
  | 'symbol'
  | 'keyword'
  | 'identifier'
  | 'escapedIdentifier'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly offset: number
}

const blank = /(?:[\t \r\n\f]|\/\/[^\n]*)+/y

const escaped = String.raw`\\(?:[abfnrtv"'\\?\x60]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`
const quoted = [
  String.raw`"""(?:${escaped}|[^\\])*?"""`,
  String.raw`'''(?:${escaped}|[^\\])*?'''`,
  String.raw`"(?:${escaped}|[^\\"\n\r])*"`,
  String.raw`'(?:${escaped}|[^\\'\n\r])*'`,
  String.raw`[rR]"""[\s\S]*?"""`,
  String.raw`[rR]'''[\s\S]*?'''`,
  String.raw`[rR]"[^"\n\r]*"`,
  String.raw`[rR]'[^'\n\r]*'`,
].join('|')

/** In the order in which they are tried, the longer match of a kind first. */
const rules: readonly (readonly [TokenKind, RegExp])[] = [
  ['double', /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y],
  ['uint', /(?:0x[0-9a-fA-F]+|\d+)[uU]/y],
  ['int', /0x[0-9a-fA-F]+|\d+/y],
  ['bytes', new RegExp(`[bB](?:${quoted})`, 'y')],
  ['string', new RegExp(quoted, 'y')],
  ['identifier', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['escapedIdentifier', /`[A-Za-z0-9_.\-/ ]+`/y],
  ['symbol', /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y],
]

const keywords: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null'])

/** The sticky patterns are set to a place before each use: what they keep from the last one does not matter. */
function matchAt(source: string, offset: number): Token | undefined {
  for (const [kind, pattern] of rules) {
    pattern.lastIndex = offset
    const text = pattern.exec(source)?.[0]
    if (text === undefined) continue
    return { kind: kind === 'identifier' && keywords.has(text) ? 'keyword' : kind, text, offset }
  }
  return undefined
}

/** How much of the text a failed token takes along, as the message shows it. */
const strayText = (source: string, offset: number): string => {
  const character = String.fromCodePoint(source.codePointAt(offset) ?? 0)
  if (character === '"' || character === "'") return unfinished(source.slice(offset), character)
  // A single bar or ampersand is half an operator: the character after it fails with it.
  if (character === '|' || character === '&' || character === '=') return source.slice(offset, offset + 2)
  return character
}

const halfEscape = /^\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?/

/** A string as far as it is one, and the character that it fails at. */
function unfinished(rest: string, quote: string): string {
  const body = new RegExp(`^${quote}(?:${escaped}|[^\\\\${quote}\\n\\r])*`).exec(rest)?.[0] ?? quote
  const half = halfEscape.exec(rest.slice(body.length))?.[0] ?? ''
  const end = body.length + half.length
  return rest.slice(0, end) + String.fromCodePoint(rest.codePointAt(end) ?? 0x20).slice(0, rest.length - end)
}

/** The tokens of a text, the last of them `end`. What is no token is reported and left out. */
export function tokenize(source: string, issues: Issues): readonly Token[] {
  const tokens: Token[] = []
  let offset = 0
  for (;;) {
    blank.lastIndex = offset
    offset += blank.exec(source)?.[0].length ?? 0
    if (offset >= source.length) break
    const token = matchAt(source, offset)
    if (token === undefined) {
      const stray = strayText(source, offset)
      issues.report(offset, `Syntax error: token recognition error at: '${shown(stray)}'`)
      offset += stray.length
    } else {
      tokens.push(token)
      offset += token.text.length
    }
  }
  tokens.push({ kind: 'end', text: '<EOF>', offset: source.length })
  return tokens
}

const shown = (text: string): string =>
  text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
