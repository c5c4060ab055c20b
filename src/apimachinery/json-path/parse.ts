import { JsonPathError, type Node, type Path, type Slice } from './nodes.ts'

const terminators = ' \t\r\n.,[]$@{}'
const sliceFormat = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/
const comparison = /^([^!<>=]+)([!<>=]+)(.+?)$/

function toSlice(text: string): Slice {
  const match = sliceFormat.exec(text)
  if (match === null) throw new JsonPathError(`invalid array index ${text}`)
  const [, first = '', second, third] = match
  const number = (part: string): number | undefined => (part === '' ? undefined : Number(part))
  const start = number(first)
  const single = second === undefined
  return {
    start,
    end: single ? (start ?? 0) + 1 : number(second.slice(1)),
    single,
    step: third === undefined ? undefined : number(third.slice(1)),
  }
}

/** Reads what stands between the braces of a JSONPath template (client-go/util/jsonpath). */
class Parser {
  readonly #text: string
  readonly #nodes: Node[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): Path {
    while (this.#at < this.#text.length) this.#next()
    return this.#nodes
  }

  #next(): void {
    const rest = this.#text.slice(this.#at)
    const character = rest.charAt(0)
    if (rest.startsWith('[?(')) this.#filter()
    else if (rest.startsWith('..')) this.#recursive()
    else if (character === ' ' || character === '@' || character === '$') this.#at++
    else if (character === '[') this.#array()
    else if (character === '"' || character === "'") this.#quote(character)
    else if (character === '.') {
      this.#at++
      this.#field()
    } else if (/[+\-\d]/.test(character)) this.#number(rest)
    else if (/[\p{L}\p{N}_]/u.test(character)) this.#word()
    else if (character === '\n' || character === '\r') throw new JsonPathError('unclosed action')
    else {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      throw new JsonPathError(`unrecognized character in action: U+${code} '${character}'`)
    }
  }

  #name(): string {
    let name = ''
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at)
      if (character === '\\') name += this.#text.charAt(++this.#at)
      else if (terminators.includes(character)) break
      else name += character
    }
    return name
  }

  #field(): void {
    const name = this.#name()
    this.#nodes.push(name === '*' ? { type: 'wildcard' } : { type: 'field', name })
  }

  #recursive(): void {
    if (this.#nodes.at(-1)?.type === 'recursive')
      throw new JsonPathError('invalid multiple recursive descent')
    this.#at += 2
    this.#nodes.push({ type: 'recursive' })
    if (/[\p{L}\p{N}_]/u.test(this.#text.charAt(this.#at))) this.#field()
  }

  #word(): void {
    const name = this.#name()
    if (name !== 'true' && name !== 'false') throw new JsonPathError(`unrecognized identifier ${name}`)
    this.#nodes.push({ type: 'literal', value: name === 'true' })
  }

  #number(rest: string): void {
    const [text = ''] = /^[+-]?[\d.]*/.exec(rest) ?? []
    const value = Number(text)
    if (text === '' || Number.isNaN(value)) throw new JsonPathError(`cannot parse number ${text}`)
    this.#at += text.length
    this.#nodes.push({ type: 'literal', value })
  }

  #quote(mark: string): void {
    let value = ''
    for (this.#at++; this.#text.charAt(this.#at) !== mark; this.#at++) {
      if (this.#at >= this.#text.length) throw new JsonPathError('unterminated quoted string')
      if (this.#text.charAt(this.#at) === '\\') this.#at++
      value += this.#text.charAt(this.#at)
    }
    this.#at++
    this.#nodes.push({ type: 'literal', value })
  }

  #array(): void {
    const end = this.#text.indexOf(']', this.#at)
    if (end < 0) throw new JsonPathError('unterminated array')
    const text = this.#text.slice(this.#at + 1, end)
    this.#at = end + 1
    const parts = text.split(',')
    if (parts.length > 1) {
      this.#nodes.push({ type: 'union', paths: parts.map((part) => parsePath(`[${part.trim()}]`)) })
      return
    }
    const [, key] = /^'([^']*)'$/.exec(text) ?? []
    if (key !== undefined) this.#nodes.push(...parsePath(`.${key}`))
    else this.#nodes.push({ type: 'slice', slice: toSlice(text === '*' ? ':' : text) })
  }

  #filter(): void {
    const start = this.#at + 3
    let quote = ''
    let at = start
    for (; at < this.#text.length; at++) {
      const character = this.#text.charAt(at)
      if (quote === '' && (character === '"' || character === "'")) quote = character
      else if (character === quote && this.#text.charAt(at - 1) !== '\\') quote = ''
      else if (character === ')' && quote === '') break
    }
    if (at >= this.#text.length) throw new JsonPathError('unterminated filter')
    if (this.#text.charAt(at + 1) !== ']') throw new JsonPathError('unclosed array expect ]')
    const text = this.#text.slice(start, at)
    this.#at = at + 2
    const [, left, operator = '', right] = comparison.exec(text) ?? []
    if (left === undefined || right === undefined)
      this.#nodes.push({ type: 'filter', left: parsePath(text), right: [], operator: 'exists' })
    else this.#nodes.push({ type: 'filter', left: parsePath(left), right: parsePath(right), operator })
  }
}

export const parsePath = (text: string): Path => new Parser(text).parse()
