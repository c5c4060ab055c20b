import { DecodeError } from './decode-error.ts'
import { maxDepth } from './json-scan.ts'
import { NumberLiteral } from './number-literal.ts'
import { setMember } from './set-member.ts'

/** A key that came again when its object had `at` different ones. */
export interface Duplicate {
  readonly key: string
  readonly at: number
}

/** Keys that an object had more than once, by the object that came of it, as they came. */
export type Duplicates = ReadonlyMap<object, readonly Duplicate[]>

export interface ExactJson {
  /** Numbers whose text matters are NumberLiterals. */
  readonly value: unknown
  readonly duplicates: Duplicates
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** A character as Go's decoder shows it in errors. */
function shown(character: string): string {
  if (character === "'") return `'\\''`
  if (character === '"') return `'"'`
  const quoted = JSON.stringify(character).slice(1, -1)
  return `'${quoted}'`
}

/** A parser that keeps what the native one loses, with the error texts of Go's `encoding/json`. */
class ExactParser {
  readonly #text: string
  readonly duplicates = new Map<object, Duplicate[]>()
  readonly #maxDepth: number
  #at = 0
  #depth = 0

  constructor(text: string, depth: number) {
    this.#text = text
    this.#maxDepth = depth
  }

  document(): unknown {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) this.#fail('after top-level value')
    return value
  }

  #fail(where: string): never {
    const character = this.#text[this.#at]
    if (character === undefined) throw new DecodeError('unexpected end of JSON input')
    throw new DecodeError(`invalid character ${shown(character)} ${where}`)
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #value(): unknown {
    this.#space()
    const character = this.#text[this.#at] ?? ''
    if (character === '{') return this.#nested(() => this.#object())
    if (character === '[') return this.#nested(() => this.#array())
    if (character === '"') return this.#string()
    if (character === 't') return this.#literal('true', true)
    if (character === 'f') return this.#literal('false', false)
    if (character === 'n') return this.#literal('null', null)
    if (character === '-' || /\d/.test(character)) return this.#number()
    return this.#fail('looking for beginning of value')
  }

  #nested<T>(parse: () => T): T {
    this.#depth++
    if (this.#depth > this.#maxDepth) this.#fail('exceeded max depth')
    this.#at++
    const value = parse()
    this.#depth--
    return value
  }

  #object(): unknown {
    const object: Record<string, unknown> = {}
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at++
      return object
    }
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string')
      const key = this.#string()
      this.#space()
      if (this.#text[this.#at] !== ':') this.#fail('after object key')
      this.#at++
      const value = this.#value()
      if (Object.hasOwn(object, key)) {
        const known = this.duplicates.get(object)
        const again = { key, at: Object.keys(object).length }
        if (known === undefined) this.duplicates.set(object, [again])
        else known.push(again)
      }
      setMember(object, key, value)
      this.#space()
      const next = this.#text[this.#at]
      if (next !== ',' && next !== '}') this.#fail('after object key:value pair')
      this.#at++
      if (next === '}') return object
    }
  }

  #array(): unknown {
    const array: unknown[] = []
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at++
      return array
    }
    for (;;) {
      array.push(this.#value())
      this.#space()
      const next = this.#text[this.#at]
      if (next !== ',' && next !== ']') this.#fail('after array element')
      this.#at++
      if (next === ']') return array
    }
  }

  #literal<T>(word: string, value: T): T {
    for (let index = 1; index < word.length; index++) {
      this.#at++
      const expected = word[index] ?? ''
      if (this.#text[this.#at] !== expected) this.#fail(`in literal ${word} (expecting '${expected}')`)
    }
    this.#at++
    return value
  }

  #string(): string {
    let result = ''
    this.#at++
    let start = this.#at
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x22) {
        result += this.#text.slice(start, this.#at)
        this.#at++
        // Half a character is none: Go puts U+FFFD in its place.
        return result.toWellFormed()
      }
      if (code === 0x5c) {
        result += this.#text.slice(start, this.#at) + this.#escape()
        start = this.#at
      } else {
        if (Number.isNaN(code) || code < 0x20) this.#fail('in string literal')
        this.#at++
      }
    }
  }

  #escape(): string {
    this.#at++
    const letter = this.#text[this.#at] ?? ''
    if (letter === 'u') {
      for (let index = 0; index < 4; index++) {
        this.#at++
        if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape')
      }
      this.#at++
      return String.fromCharCode(Number.parseInt(this.#text.slice(this.#at - 4, this.#at), 16))
    }
    const character = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined
    if (character === undefined) return this.#fail('in string escape code')
    this.#at++
    return character
  }

  #number(): number | NumberLiteral {
    const start = this.#at
    if (this.#text[this.#at] === '-') this.#at++
    if (this.#text[this.#at] === '0') this.#at++
    else this.#digits('in numeric literal')
    if (this.#text[this.#at] === '.') {
      this.#at++
      this.#digits('after decimal point in numeric literal')
    }
    if (/[eE]/.test(this.#text[this.#at] ?? '')) {
      this.#at++
      if (/[+-]/.test(this.#text[this.#at] ?? '')) this.#at++
      this.#digits('in exponent of numeric literal')
    }
    const text = this.#text.slice(start, this.#at)
    const value = Number(text)
    return /[.eE]/.test(text) || !Number.isSafeInteger(value) ? new NumberLiteral(text) : value
  }

  #digits(where: string): void {
    if (!/\d/.test(this.#text[this.#at] ?? '')) this.#fail(where)
    while (/\d/.test(this.#text[this.#at] ?? '')) this.#at++
  }
}

/** Parses slowly and exactly, down to `depth`. Throws DecodeError with Go's words. */
export function parseJsonExactly(text: string, depth = maxDepth): ExactJson {
  const parser = new ExactParser(text, depth)
  return { value: parser.document(), duplicates: parser.duplicates }
}
