import { parseGoDuration } from '../../src/apimachinery/go-duration.ts'

/** What a workload gives for `$name`. */
export type Params = Readonly<Record<string, number | string | boolean>>

type Json = Readonly<Record<string, unknown>>

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads one operation's fields; what nobody has asked for by the end is an error. */
export class Fields {
  readonly where: string
  readonly #values: Json
  readonly #params: Params
  readonly #read = new Set<string>(['opcode'])

  constructor(where: string, values: Json, params: Params) {
    this.where = where
    this.#values = values
    this.#params = params
  }

  value(name: string): unknown {
    this.#read.add(name)
    return this.#values[name]
  }

  text(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined || typeof value === 'string') return value
    throw this.error(`${name} is no text`)
  }

  needed(name: string): string {
    const value = this.text(name)
    if (value === undefined || value === '') throw this.error(`${name} must be set`)
    return value
  }

  flag(name: string): boolean {
    const value = this.#param(`${name}Param`) ?? this.value(name) ?? false
    if (typeof value === 'boolean') return value
    throw this.error(`${name} is neither true nor false`)
  }

  /** `name`, or the parameter that `nameParam` names. */
  number(name: string, absent: number): number {
    const value = this.#param(`${name}Param`) ?? this.value(name) ?? absent
    if (typeof value === 'number' && value >= 0) return value
    throw this.error(`${name} is no count`)
  }

  durationMs(name: string): number {
    const value = this.#param(`${name}Param`) ?? this.value(name) ?? '0s'
    const nanos = typeof value === 'string' ? parseGoDuration(value) : undefined
    if (nanos !== undefined && nanos >= 0n) return Number(nanos) / 1e6
    throw this.error(`${name} is no duration`)
  }

  texts(name: string): readonly string[] {
    const value = this.value(name) ?? []
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
    throw this.error(`${name} is no list of texts`)
  }

  /** A map of texts. */
  map(name: string): Readonly<Record<string, string>> {
    const value = this.value(name) ?? {}
    if (!isRecord(value)) throw this.error(`${name} is no map`)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]))
  }

  /** Another operation's fields. */
  nested(name: string): Json {
    const value = this.value(name)
    if (isRecord(value)) return value
    throw this.error(`${name} must be set`)
  }

  at(where: string, values: Json): Fields {
    return new Fields(`${this.where}, ${where}`, values, this.#params)
  }

  /** Refuses fields that nobody knows. */
  end(): void {
    for (const name of Object.keys(this.#values))
      if (!this.#read.has(name)) throw this.error(`${name} is not known`)
  }

  error(what: string): Error {
    return new Error(`${this.where}: ${what}`)
  }

  #param(name: string): number | string | boolean | undefined {
    const reference = this.text(name)
    if (reference === undefined) return undefined
    const value = this.#params[reference.replace(/^\$/, '')]
    if (value === undefined) throw this.error(`${reference} is no parameter of the workload`)
    return value
  }
}
