import { type Issues, nowhere } from './issues.ts'
import type { Token } from './lexer.ts'

const maxDepth = 250

/** The parse cannot go on; what is wrong has been reported. */
export class SyntaxFailure extends Error {}

/** Where a parse is in its tokens. What ends it is reported, and thrown as SyntaxFailure. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  readonly #issues: Issues
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[], issues: Issues) {
    this.#tokens = tokens
    this.#issues = issues
  }

  /** The number of the token. */
  get at(): number {
    return this.#at
  }

  skip(tokens: number): void {
    this.#at += tokens
  }

  get current(): Token {
    return this.peek(0)
  }

  peek(ahead: number): Token {
    return (
      this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] ?? {
        kind: 'end',
        text: '',
        offset: 0,
      }
    )
  }

  /** Ends the parse. */
  fail(offset: number, message: string): never {
    this.#issues.report(offset, `Syntax error: ${message}`)
    throw new SyntaxFailure()
  }

  advance(): Token {
    const token = this.current
    this.#at++
    return token
  }

  /** Whether the token is this symbol or keyword. */
  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.text === text && (token.kind === 'symbol' || token.kind === 'keyword')
  }

  /** Goes on if the token is this. */
  take(text: string): Token | undefined {
    return this.is(text) ? this.advance() : undefined
  }

  /** Goes on if the token is this, or ends the parse. */
  expect(text: string): Token {
    const taken = this.take(text)
    if (taken !== undefined) return taken
    const { text: found, offset, kind } = this.current
    return this.fail(
      offset,
      kind === 'end' ? `missing '${text}' at '<EOF>'` : `mismatched input '${found}' expecting '${text}'`,
    )
  }

  /** What is deeper than an expression may be ends the parse. */
  nested<T>(parse: () => T): T {
    this.limit(++this.#depth)
    const result = parse()
    this.#depth--
    return result
  }

  limit(depth: number): void {
    if (depth <= maxDepth) return
    this.#issues.report(nowhere, `expression recursion limit exceeded: ${maxDepth}`)
    throw new SyntaxFailure()
  }

  /** How many of this there were in a row. */
  takeAll(symbol: string): number {
    let count = 0
    while (this.take(symbol) !== undefined) count++
    return count
  }
}
