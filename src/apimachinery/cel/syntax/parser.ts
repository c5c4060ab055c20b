import { isReserved } from '../types/escape.ts'
import { codePointLength } from '../values/text.ts'
import { type Call, type Expr, type FieldInit, type MapEntry, operators } from './expr.ts'
import { type Issues, nowhere } from './issues.ts'
import { type Token, type TokenKind, tokenize } from './lexer.ts'
import { literalComplaint, literalValue } from './literal.ts'
import { type Macro, MacroError } from './macros.ts'
import { SyntaxFailure, TokenReader } from './token-reader.ts'

const maxCodePoints = 100_000

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
  readonly #tokens: TokenReader
  readonly #issues: Issues
  readonly #macros: ReadonlyMap<string, readonly Macro[]>
  /** What the message lists if no expression starts at the token with this number. */
  #expected: { readonly at: number; readonly what: keyof typeof starters } = { at: -1, what: 'expression' }

  constructor(tokens: readonly Token[], issues: Issues, macros: ReadonlyMap<string, readonly Macro[]>) {
    this.#tokens = new TokenReader(tokens, issues)
    this.#issues = issues
    this.#macros = macros
  }

  start(): Expr {
    const expr = this.#expression()
    const next = this.#tokens.current
    if (next.kind !== 'end') {
      const what = this.#tokens.peek(1).kind === 'end' ? 'extraneous' : 'mismatched'
      this.#tokens.fail(next.offset, `${what} input '${next.text}' expecting <EOF>`)
    }
    return expr
  }

  #expression(): Expr {
    return this.#tokens.nested(() => {
      const condition = this.#logical(operators.or, '||', () =>
        this.#logical(operators.and, '&&', () => this.#relation()),
      )
      const question = this.#tokens.take('?')
      if (question === undefined) return condition
      const whenTrue = this.#logical(operators.or, '||', () =>
        this.#logical(operators.and, '&&', () => this.#relation()),
      )
      this.#tokens.expect(':')
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
    if (!this.#tokens.is(symbol)) return first
    const terms = [first]
    const offsets: number[] = []
    for (let token = this.#tokens.take(symbol); token !== undefined; token = this.#tokens.take(symbol)) {
      offsets.push(token.offset)
      terms.push(operand())
    }
    return balanced(name, terms, offsets, 0, offsets.length - 1)
  }

  #binary(names: ReadonlyMap<string, string>, operand: () => Expr): Expr {
    let left = operand()
    for (let count = 1; ; count++) {
      const name =
        this.#tokens.current.kind === 'identifier' ? undefined : names.get(this.#tokens.current.text)
      if (name === undefined || this.#tokens.current.kind === 'string') return left
      this.#tokens.limit(count)
      const { offset } = this.#tokens.advance()
      left = this.#call(offset, name, undefined, [left, operand()])
    }
  }

  #relation(): Expr {
    return this.#binary(relations, () =>
      this.#binary(sums, () => this.#binary(products, () => this.#unary())),
    )
  }

  #unary(): Expr {
    const { offset } = this.#tokens.current
    if (this.#tokens.is('!')) {
      const count = this.#tokens.takeAll('!')
      const operand = this.#member()
      return count % 2 === 0 ? operand : this.#call(offset, operators.not, undefined, [operand])
    }
    const isNumber = ['int', 'double'].includes(this.#tokens.peek(1).kind)
    if (!this.#tokens.is('-') || isNumber) return this.#member()
    const count = this.#tokens.takeAll('-')
    const operand = this.#member()
    return count % 2 === 0 ? operand : this.#call(offset, operators.negate, undefined, [operand])
  }

  #member(): Expr {
    let expr = this.#primary()
    for (let count = 1; ; count++) {
      const next = this.#tokens.is('.')
        ? this.#selection(expr)
        : this.#tokens.is('[')
          ? this.#indexing(expr)
          : undefined
      if (next === undefined) return expr
      this.#tokens.limit(count)
      expr = next
    }
  }

  #selection(operand: Expr): Expr {
    const dot = this.#tokens.advance()
    if (this.#tokens.take('?') !== undefined) {
      const { offset } = this.#tokens.current
      const field: Expr = { kind: 'literal', offset, value: this.#fieldName() }
      return { kind: 'call', offset: dot.offset, name: operators.optSelect, args: [operand, field] }
    }
    if (this.#tokens.current.kind === 'identifier' && this.#tokens.is('(', 1)) {
      const name = this.#tokens.advance().text
      const open = this.#tokens.advance()
      return this.#call(open.offset, name, operand, this.#arguments(')'))
    }
    return { kind: 'select', offset: dot.offset, operand, field: this.#fieldName(), testOnly: false }
  }

  #fieldName(): string {
    const token = this.#tokens.current
    if (token.kind === 'identifier') return this.#tokens.advance().text
    if (token.kind !== 'escapedIdentifier') return this.#noField(token)
    this.#tokens.advance()
    this.#issues.report(token.offset, "unsupported syntax: '`'")
    return token.text.slice(1, -1)
  }

  #noField(token: Token): never {
    const isConstant = token.kind === 'keyword' && token.text !== 'in'
    if (isConstant)
      return this.#tokens.fail(token.offset, `mismatched input '${token.text}' expecting IDENTIFIER`)
    const found = token.kind === 'end' ? '' : token.text
    return this.#tokens.fail(token.offset, `no viable alternative at input '.${found}'`)
  }

  #indexing(operand: Expr): Expr {
    const open = this.#tokens.advance()
    const name = this.#tokens.take('?') === undefined ? operators.index : operators.optIndex
    const index = this.#expression()
    this.#tokens.expect(']')
    return this.#call(open.offset, name, undefined, [operand, index])
  }

  #arguments(close: string): readonly Expr[] {
    const args: Expr[] = []
    if (this.#tokens.take(close) !== undefined) return args
    this.#expected = { at: this.#tokens.at, what: 'argument' }
    do args.push(this.#expression())
    while (this.#tokens.take(',') !== undefined)
    this.#tokens.expect(close)
    return args
  }

  #primary(): Expr {
    const token = this.#tokens.current
    if (!startsExpression(token) || token.text === '!') return this.#unexpected(token)
    if (token.kind === 'identifier' || this.#tokens.is('.')) return this.#named()
    if (token.kind !== 'symbol' || token.text === '-') return this.#literal()
    this.#tokens.advance()
    if (token.text === '[') return this.#list(token.offset)
    if (token.text === '{') return this.#map(token.offset)
    const expr = this.#expression()
    this.#tokens.expect(')')
    return expr
  }

  /** One token too many is left out; with anything else the parse ends, as there is nothing to go on with. */
  #unexpected(token: Token): Expr {
    const expected = starters[this.#expected.at === this.#tokens.at ? this.#expected.what : 'expression']
    const next = this.#tokens.peek(1)
    const isStray = token.kind !== 'end' && startsExpression(next)
    if (!isStray) {
      const complaint = `mismatched input '${token.text}' expecting ${expected}`
      if (token.kind === 'end' || next.kind !== 'end') return this.#tokens.fail(token.offset, complaint)
      this.#issues.report(token.offset, `Syntax error: ${complaint}`)
      return this.#tokens.fail(next.offset, `mismatched input '<EOF>' expecting ${starters.expression}`)
    }
    this.#issues.report(token.offset, `Syntax error: extraneous input '${token.text}' expecting ${expected}`)
    this.#tokens.advance()
    return this.#primary()
  }

  /** A variable, a function, or `a.b.Type{…}`. */
  #named(): Expr {
    const dot = this.#tokens.take('.')
    if (this.#tokens.current.kind !== 'identifier') return this.#noField(this.#tokens.current)
    const token = this.#tokens.advance()
    const name = `${dot === undefined ? '' : '.'}${token.text}`
    const message = this.#messageAhead()
    if (message !== undefined) return this.#message(`${name}${message}`)
    const start = dot ?? token
    if (isReserved(token.text)) {
      this.#issues.report(start.offset, `reserved identifier: ${token.text}`)
      // Not a name: a macro that wants one says so too.
      if (!this.#tokens.is('(')) return { kind: 'literal', offset: start.offset, value: null }
    }
    const open = this.#tokens.take('(')
    if (open === undefined) return { kind: 'ident', offset: token.offset, name }
    return this.#call(open.offset, name, undefined, this.#arguments(')'))
  }

  /** The rest of a message's name (`.b.Type`) if a `{` follows it; undefined if this is no message. */
  #messageAhead(): string | undefined {
    let ahead = 0
    let rest = ''
    while (this.#tokens.is('.', ahead) && this.#tokens.peek(ahead + 1).kind === 'identifier') {
      rest += `.${this.#tokens.peek(ahead + 1).text}`
      ahead += 2
    }
    if (!this.#tokens.is('{', ahead)) return undefined
    this.#tokens.skip(ahead)
    return rest
  }

  #message(typeName: string): Expr {
    const { offset } = this.#tokens.expect('{')
    const fields: FieldInit[] = []
    while (!this.#tokens.is('}')) {
      const optional = this.#tokens.take('?') !== undefined
      const { kind, text, offset: at } = this.#tokens.current
      if (kind !== 'identifier' && kind !== 'escapedIdentifier') {
        this.#tokens.fail(at, `mismatched input '${text}' expecting ${fieldStarters}`)
      }
      const name = this.#fieldName()
      const colon = this.#tokens.expect(':')
      fields.push({ offset: colon.offset, name, value: this.#expression(), optional })
      if (this.#tokens.take(',') === undefined) break
    }
    this.#tokens.expect('}')
    return { kind: 'struct', offset, typeName, fields }
  }

  #list(offset: number): Expr {
    this.#expected = { at: this.#tokens.at, what: 'element' }
    const elements: Expr[] = []
    const optionals = new Set<number>()
    while (!this.#tokens.is(']')) {
      if (this.#tokens.is(',') && elements.length === 0) {
        this.#tokens.advance()
        break
      }
      if (this.#tokens.take('?') !== undefined) optionals.add(elements.length)
      elements.push(this.#expression())
      if (this.#tokens.take(',') === undefined) break
    }
    this.#tokens.expect(']')
    return { kind: 'list', offset, elements, optionals }
  }

  #map(offset: number): Expr {
    this.#expected = { at: this.#tokens.at, what: 'entry' }
    const entries: MapEntry[] = []
    while (!this.#tokens.is('}')) {
      if (this.#tokens.is(',') && entries.length === 0) {
        this.#tokens.advance()
        break
      }
      const optional = this.#tokens.take('?') !== undefined
      const key = this.#expression()
      const colon = this.#tokens.expect(':')
      entries.push({ offset: colon.offset, key, value: this.#expression(), optional })
      if (this.#tokens.take(',') === undefined) break
    }
    this.#tokens.expect('}')
    return { kind: 'map', offset, entries }
  }

  #literal(): Expr {
    const { offset } = this.#tokens.current
    const minus = this.#tokens.take('-')
    const token = this.#tokens.advance()
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
