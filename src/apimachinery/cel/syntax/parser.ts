import { isReserved } from '../types/escape.ts'
import { normalInt } from '../values/integers.ts'
import { codePointLength } from '../values/text.ts'
import { Double, type Int, Uint } from '../values/value.ts'
import { type Call, type Expr, type FieldInit, type LiteralValue, type MapEntry, operators } from './expr.ts'
import { type Issues, nowhere } from './issues.ts'
import { type Token, type TokenKind, tokenize } from './lexer.ts'
import { type Macro, MacroError } from './macros.ts'
import { unescapeBytes, unescapeString } from './unescape.ts'

const maxDepth = 250
const maxCodePoints = 100_000

/** The parse cannot go on; what is wrong has been reported. */
class SyntaxFailure extends Error {}

const literals = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
/** What may come where an expression starts, as messages list it; by what else may come there. */
const starters = {
  expression: `{'[', '{', '(', '.', '-', '!', ${literals}`,
  argument: `{'[', '{', '(', ')', '.', '-', '!', ${literals}`,
  element: `{'[', ']', '{', '(', '.', ',', '-', '!', '?', ${literals}`,
  entry: `{'[', '{', '}', '(', '.', ',', '-', '!', '?', ${literals}`,
} as const

const fieldStarters = "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}"

const relations: ReadonlyMap<string, string> = new Map([
  ['<', operators.less],
  ['<=', operators.lessEquals],
  ['>', operators.greater],
  ['>=', operators.greaterEquals],
  ['==', operators.equals],
  ['!=', operators.notEquals],
  ['in', operators.in],
])
const sums: ReadonlyMap<string, string> = new Map([
  ['+', operators.add],
  ['-', operators.subtract],
])
const products: ReadonlyMap<string, string> = new Map([
  ['*', operators.multiply],
  ['/', operators.divide],
  ['%', operators.modulo],
])

const startingKinds: ReadonlySet<TokenKind> = new Set([
  'identifier',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
])

const startsExpression = ({ kind, text }: Token): boolean =>
  kind === 'symbol' ? '[{(.-!'.includes(text) : kind === 'keyword' ? text !== 'in' : startingKinds.has(kind)

class Parser {
  readonly #tokens: readonly Token[]
  readonly #issues: Issues
  readonly #macros: ReadonlyMap<string, readonly Macro[]>
  #at = 0
  #depth = 0
  /** What the message lists if no expression starts at the token with this number. */
  #expected: { readonly at: number; readonly what: keyof typeof starters } = { at: -1, what: 'expression' }

  constructor(tokens: readonly Token[], issues: Issues, macros: ReadonlyMap<string, readonly Macro[]>) {
    this.#tokens = tokens
    this.#issues = issues
    this.#macros = macros
  }

  start(): Expr {
    const expr = this.#expression()
    const next = this.#token
    if (next.kind !== 'end') {
      const what = this.#peek(1).kind === 'end' ? 'extraneous' : 'mismatched'
      this.#fail(next.offset, `${what} input '${next.text}' expecting <EOF>`)
    }
    return expr
  }

  get #token(): Token {
    return this.#peek(0)
  }

  #peek(ahead: number): Token {
    return (
      this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] ?? {
        kind: 'end',
        text: '',
        offset: 0,
      }
    )
  }

  #fail(offset: number, message: string): never {
    this.#issues.report(offset, `Syntax error: ${message}`)
    throw new SyntaxFailure()
  }

  #advance(): Token {
    const token = this.#token
    this.#at++
    return token
  }

  #is(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead)
    return token.text === text && (token.kind === 'symbol' || token.kind === 'keyword')
  }

  #take(text: string): Token | undefined {
    return this.#is(text) ? this.#advance() : undefined
  }

  #expect(text: string): Token {
    const taken = this.#take(text)
    if (taken !== undefined) return taken
    const { text: found, offset, kind } = this.#token
    return this.#fail(
      offset,
      kind === 'end' ? `missing '${text}' at '<EOF>'` : `mismatched input '${found}' expecting '${text}'`,
    )
  }

  #nested<T>(parse: () => T): T {
    this.#limit(++this.#depth)
    const result = parse()
    this.#depth--
    return result
  }

  #limit(depth: number): void {
    if (depth <= maxDepth) return
    this.#issues.report(nowhere, `expression recursion limit exceeded: ${maxDepth}`)
    throw new SyntaxFailure()
  }

  #expression(): Expr {
    return this.#nested(() => {
      const condition = this.#logical(operators.or, '||', () =>
        this.#logical(operators.and, '&&', () => this.#relation()),
      )
      const question = this.#take('?')
      if (question === undefined) return condition
      const whenTrue = this.#logical(operators.or, '||', () =>
        this.#logical(operators.and, '&&', () => this.#relation()),
      )
      this.#expect(':')
      return this.#call(question.offset, operators.conditional, undefined, [
        condition,
        whenTrue,
        this.#expression(),
      ])
    })
  }

  /** A row of `&&` or `||` becomes a balanced tree, so that a long one is not a deep one. */
  #logical(name: string, symbol: string, operand: () => Expr): Expr {
    const first = operand()
    if (!this.#is(symbol)) return first
    const terms = [first]
    const offsets: number[] = []
    for (let token = this.#take(symbol); token !== undefined; token = this.#take(symbol)) {
      offsets.push(token.offset)
      terms.push(operand())
    }
    return balanced(name, terms, offsets, 0, offsets.length - 1)
  }

  #binary(names: ReadonlyMap<string, string>, operand: () => Expr): Expr {
    let left = operand()
    for (let count = 1; ; count++) {
      const name = this.#token.kind === 'identifier' ? undefined : names.get(this.#token.text)
      if (name === undefined || this.#token.kind === 'string') return left
      this.#limit(count)
      const { offset } = this.#advance()
      left = this.#call(offset, name, undefined, [left, operand()])
    }
  }

  #relation(): Expr {
    return this.#binary(relations, () =>
      this.#binary(sums, () => this.#binary(products, () => this.#unary())),
    )
  }

  #unary(): Expr {
    const { offset } = this.#token
    if (this.#is('!')) {
      const count = this.#run('!')
      const operand = this.#member()
      return count % 2 === 0 ? operand : this.#call(offset, operators.not, undefined, [operand])
    }
    const isNumber = ['int', 'double'].includes(this.#peek(1).kind)
    if (!this.#is('-') || isNumber) return this.#member()
    const count = this.#run('-')
    const operand = this.#member()
    return count % 2 === 0 ? operand : this.#call(offset, operators.negate, undefined, [operand])
  }

  #run(symbol: string): number {
    let count = 0
    while (this.#take(symbol) !== undefined) count++
    return count
  }

  #member(): Expr {
    let expr = this.#primary()
    for (let count = 1; ; count++) {
      const next = this.#is('.') ? this.#selection(expr) : this.#is('[') ? this.#indexing(expr) : undefined
      if (next === undefined) return expr
      this.#limit(count)
      expr = next
    }
  }

  #selection(operand: Expr): Expr {
    const dot = this.#advance()
    if (this.#take('?') !== undefined) {
      const { offset } = this.#token
      const field: Expr = { kind: 'literal', offset, value: this.#fieldName() }
      return { kind: 'call', offset: dot.offset, name: operators.optSelect, args: [operand, field] }
    }
    if (this.#token.kind === 'identifier' && this.#is('(', 1)) {
      const name = this.#advance().text
      const open = this.#advance()
      return this.#call(open.offset, name, operand, this.#arguments(')'))
    }
    return { kind: 'select', offset: dot.offset, operand, field: this.#fieldName(), testOnly: false }
  }

  #fieldName(): string {
    const token = this.#token
    if (token.kind === 'identifier') return this.#advance().text
    if (token.kind !== 'escapedIdentifier') return this.#noField(token)
    this.#advance()
    this.#issues.report(token.offset, "unsupported syntax: '`'")
    return token.text.slice(1, -1)
  }

  #noField(token: Token): never {
    const isConstant = token.kind === 'keyword' && token.text !== 'in'
    if (isConstant) return this.#fail(token.offset, `mismatched input '${token.text}' expecting IDENTIFIER`)
    const found = token.kind === 'end' ? '' : token.text
    return this.#fail(token.offset, `no viable alternative at input '.${found}'`)
  }

  #indexing(operand: Expr): Expr {
    const open = this.#advance()
    const name = this.#take('?') === undefined ? operators.index : operators.optIndex
    const index = this.#expression()
    this.#expect(']')
    return this.#call(open.offset, name, undefined, [operand, index])
  }

  #arguments(close: string): readonly Expr[] {
    const args: Expr[] = []
    if (this.#take(close) !== undefined) return args
    this.#expected = { at: this.#at, what: 'argument' }
    do args.push(this.#expression())
    while (this.#take(',') !== undefined)
    this.#expect(close)
    return args
  }

  #primary(): Expr {
    const token = this.#token
    if (!startsExpression(token) || token.text === '!') return this.#unexpected(token)
    if (token.kind === 'identifier' || this.#is('.')) return this.#named()
    if (token.kind !== 'symbol' || token.text === '-') return this.#literal()
    this.#advance()
    if (token.text === '[') return this.#list(token.offset)
    if (token.text === '{') return this.#map(token.offset)
    const expr = this.#expression()
    this.#expect(')')
    return expr
  }

  /** One token too many is left out; with anything else the parse ends, as there is nothing to go on with. */
  #unexpected(token: Token): Expr {
    const expected = starters[this.#expected.at === this.#at ? this.#expected.what : 'expression']
    const next = this.#peek(1)
    const isStray = token.kind !== 'end' && startsExpression(next)
    if (!isStray) {
      const complaint = `mismatched input '${token.text}' expecting ${expected}`
      if (token.kind === 'end' || next.kind !== 'end') return this.#fail(token.offset, complaint)
      this.#issues.report(token.offset, `Syntax error: ${complaint}`)
      return this.#fail(next.offset, `mismatched input '<EOF>' expecting ${starters.expression}`)
    }
    this.#issues.report(token.offset, `Syntax error: extraneous input '${token.text}' expecting ${expected}`)
    this.#advance()
    return this.#primary()
  }

  /** A variable, a function, or `a.b.Type{…}`. */
  #named(): Expr {
    const dot = this.#take('.')
    if (this.#token.kind !== 'identifier') return this.#noField(this.#token)
    const token = this.#advance()
    const name = `${dot === undefined ? '' : '.'}${token.text}`
    const message = this.#messageAhead()
    if (message !== undefined) return this.#message(`${name}${message}`)
    const start = dot ?? token
    if (isReserved(token.text)) {
      this.#issues.report(start.offset, `reserved identifier: ${token.text}`)
      // Not a name: a macro that wants one says so too.
      if (!this.#is('(')) return { kind: 'literal', offset: start.offset, value: null }
    }
    const open = this.#take('(')
    if (open === undefined) return { kind: 'ident', offset: token.offset, name }
    return this.#call(open.offset, name, undefined, this.#arguments(')'))
  }

  /** The rest of a message's name (`.b.Type`) if a `{` follows it; undefined if this is no message. */
  #messageAhead(): string | undefined {
    let ahead = 0
    let rest = ''
    while (this.#is('.', ahead) && this.#peek(ahead + 1).kind === 'identifier') {
      rest += `.${this.#peek(ahead + 1).text}`
      ahead += 2
    }
    if (!this.#is('{', ahead)) return undefined
    this.#at += ahead
    return rest
  }

  #message(typeName: string): Expr {
    const { offset } = this.#expect('{')
    const fields: FieldInit[] = []
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined
      const { kind, text, offset: at } = this.#token
      if (kind !== 'identifier' && kind !== 'escapedIdentifier') {
        this.#fail(at, `mismatched input '${text}' expecting ${fieldStarters}`)
      }
      const name = this.#fieldName()
      const colon = this.#expect(':')
      fields.push({ offset: colon.offset, name, value: this.#expression(), optional })
      if (this.#take(',') === undefined) break
    }
    this.#expect('}')
    return { kind: 'struct', offset, typeName, fields }
  }

  #list(offset: number): Expr {
    this.#expected = { at: this.#at, what: 'element' }
    const elements: Expr[] = []
    const optionals = new Set<number>()
    while (!this.#is(']')) {
      if (this.#is(',') && elements.length === 0) {
        this.#advance()
        break
      }
      if (this.#take('?') !== undefined) optionals.add(elements.length)
      elements.push(this.#expression())
      if (this.#take(',') === undefined) break
    }
    this.#expect(']')
    return { kind: 'list', offset, elements, optionals }
  }

  #map(offset: number): Expr {
    this.#expected = { at: this.#at, what: 'entry' }
    const entries: MapEntry[] = []
    while (!this.#is('}')) {
      if (this.#is(',') && entries.length === 0) {
        this.#advance()
        break
      }
      const optional = this.#take('?') !== undefined
      const key = this.#expression()
      const colon = this.#expect(':')
      entries.push({ offset: colon.offset, key, value: this.#expression(), optional })
      if (this.#take(',') === undefined) break
    }
    this.#expect('}')
    return { kind: 'map', offset, entries }
  }

  #literal(): Expr {
    const { offset } = this.#token
    const minus = this.#take('-')
    const token = this.#advance()
    const value = literalValue(token, minus !== undefined)
    if (value === undefined) {
      this.#issues.report(offset, literalComplaint(token))
      return { kind: 'literal', offset, value: null }
    }
    return { kind: 'literal', offset, value }
  }

  /** A call, or what a macro makes of it. */
  #call(offset: number, name: string, target: Expr | undefined, args: readonly Expr[]): Expr {
    for (const macro of this.#macros.get(name) ?? []) {
      if (macro.isMethod !== (target !== undefined) || macro.argCount !== args.length) continue
      const expanded = macro.expand(offset, target, args)
      if (expanded === undefined) continue
      if (!(expanded instanceof MacroError)) return expanded
      this.#issues.report(expanded.offset, expanded.message)
      return { kind: 'literal', offset, value: null }
    }
    const call: Call = { kind: 'call', offset, name, args }
    return target === undefined ? call : { ...call, target }
  }
}

function balanced(
  name: string,
  terms: readonly Expr[],
  offsets: readonly number[],
  low: number,
  high: number,
): Expr {
  const middle = Math.trunc((low + high + 1) / 2)
  const term = (index: number): Expr => terms[index] ?? { kind: 'literal', offset: 0, value: null }
  const left = middle === low ? term(middle) : balanced(name, terms, offsets, low, middle - 1)
  const right = middle === high ? term(middle + 1) : balanced(name, terms, offsets, middle + 1, high)
  return { kind: 'call', offset: offsets[middle] ?? 0, name, args: [left, right] }
}

function intLiteral(text: string, negative: boolean): Int | undefined {
  const value = negative ? -BigInt(text) : BigInt(text)
  return BigInt.asIntN(64, value) === value ? normalInt(value) : undefined
}

function uintLiteral(text: string): Uint | undefined {
  const value = BigInt(text.slice(0, -1))
  return BigInt.asUintN(64, value) === value ? new Uint(normalInt(value)) : undefined
}

function doubleLiteral(text: string, negative: boolean): Double | undefined {
  const value = Number(text)
  return Number.isFinite(value) ? new Double(negative ? -value : value) : undefined
}

/** undefined for a number out of range or an escape that is none. */
function literalValue({ kind, text }: Token, negative: boolean): LiteralValue | undefined {
  switch (kind) {
    case 'int':
      return intLiteral(text, negative)
    case 'uint':
      return uintLiteral(text)
    case 'double':
      return doubleLiteral(text, negative)
    case 'string':
      return unescapeString(text)
    case 'bytes':
      return unescapeBytes(text.slice(1))
    default:
      return text === 'null' ? null : text === 'true'
  }
}

const literalComplaint = ({ kind }: Token): string =>
  kind === 'string'
    ? 'invalid unicode code point'
    : kind === 'bytes'
      ? 'unable to unescape string'
      : `invalid ${kind} literal`

/** The tree of an expression, with macros expanded; undefined if issues were found. */
export function parse(
  source: string,
  macros: ReadonlyMap<string, readonly Macro[]>,
  issues: Issues,
): Expr | undefined {
  const size = codePointLength(source)
  if (size > maxCodePoints) {
    issues.report(nowhere, `expression code point size exceeds limit: size: ${size}, limit ${maxCodePoints}`)
    return undefined
  }
  try {
    const expr = new Parser(tokenize(source, issues), issues, macros).start()
    return issues.count === 0 ? expr : undefined
  } catch (error) {
    if (error instanceof SyntaxFailure) return undefined
    throw error
  }
}
