import { isRecord } from '../../base/is-record.ts'

/** What an expression finds in an object: each value, in order; nothing where a part of the way is not there. */
export type Query = (object: unknown) => readonly unknown[]

type Step = (value: unknown) => readonly unknown[]

const present = (value: unknown): readonly unknown[] => (value === undefined || value === null ? [] : [value])

const field =
  (name: string): Step =>
  (value) =>
    isRecord(value) && Object.hasOwn(value, name) ? present(value[name]) : []

const element =
  (index: number): Step =>
  (value) =>
    Array.isArray(value) ? present(value.at(index)) : []

const elements: Step = (value) => (Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [])

const quoted = '"((?:[^"\\\\]|\\\\.)*)"'
/** The forms of one step of a path, and what each does with the text that it holds. */
const forms: readonly (readonly [RegExp, (text: string) => Step])[] = [
  [new RegExp(`\\.?\\[\\s*${quoted}\\s*\\]\\??`, 'y'), (text) => field(unescaped(text))],
  [new RegExp(`\\.${quoted}\\??`, 'y'), (text) => field(unescaped(text))],
  [/\.?\[\s*(-?\d+)\s*\]\??/y, (text) => element(Number(text))],
  [/\.?\[\s*()\]\??/y, () => elements],
  [/\.([A-Za-z_]\w*)\??/y, field],
]

const unescaped = (text: string): string => text.replace(/\\(.)/g, '$1')

/** Reads one expression from its start to its end. */
class QueryParser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): Query {
    const query = this.#pipeline()
    if (this.#at < this.#text.length) this.#fail()
    return query
  }

  #pipeline(): Query {
    let query = this.#term()
    while (this.#skip(/\|/y)) {
      const [before, after] = [query, this.#term()]
      query = (object) => before(object).flatMap(after)
    }
    return query
  }

  #term(): Query {
    this.#skip(/\s*/y)
    if (!this.#skip(/select\s*\(/y)) return this.#path()
    this.#skip(/\s*/y)
    const query = this.#path()
    const negated = this.#skip(/!=/y)
    if (!negated && !this.#skip(/==/y)) this.#fail()
    const wanted = this.#literal()
    if (!this.#skip(/\s*\)\s*/y)) this.#fail()
    return (object) => (query(object).some((value) => value === wanted) === negated ? [] : [object])
  }

  #path(): Query {
    if (this.#text[this.#at] !== '.') this.#fail()
    const steps: Step[] = []
    for (let step = this.#step(); step !== undefined; step = this.#step()) steps.push(step)
    if (steps.length === 0) this.#at++
    this.#skip(/\s*/y)
    return (object) => steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [object])
  }

  #step(): Step | undefined {
    for (const [form, make] of forms) {
      const text = this.#match(form)
      if (text !== undefined) return make(text)
    }
    return undefined
  }

  #literal(): unknown {
    this.#skip(/\s*/y)
    const text = this.#match(/("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null)\s*/y)
    return text === undefined ? this.#fail() : JSON.parse(text)
  }

  #skip(form: RegExp): boolean {
    return this.#match(form) !== undefined
  }

  /** The form's first group, or '' where it has none; undefined where the text goes on otherwise. */
  #match(form: RegExp): string | undefined {
    const expression = new RegExp(form.source, 'y')
    expression.lastIndex = this.#at
    const match = expression.exec(this.#text)
    if (match === null) return undefined
    this.#at += match[0].length
    return match[1] ?? ''
  }

  #fail(): never {
    const rest = this.#text.slice(this.#at)
    throw new SyntaxError(
      `what begins at ${JSON.stringify(rest)} is not known: of jq there are paths (.a.b, ["a"], [0], .[]), | and select(path == literal)`,
    )
  }
}

/** Reads the part of jq that stages are written in. Throws SyntaxError with a message for the writer. */
export const parseQuery = (text: string): Query => new QueryParser(text).parse()
