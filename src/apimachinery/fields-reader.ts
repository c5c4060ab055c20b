import type { FieldError } from './field-error.ts'
import { invalidValue, typeInvalid } from './field-errors.ts'

/** What is wrong with a configuration. */
export interface ReadProblems {
  readonly errors: FieldError[]
  /** Paths of fields that nobody knows. */
  readonly unknown: string[]
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the fields of one object of a configuration file by name and type; those that were not asked for are unknown. */
export class FieldsReader {
  readonly path: string
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #problems: ReadProblems
  readonly #asked = new Set<string>()

  /** An absent value is an object without fields. */
  constructor(value: unknown, path: string, problems: ReadProblems) {
    this.path = path
    this.#problems = problems
    this.#fields = isObject(value) ? value : {}
    if (value !== undefined && value !== null && !isObject(value))
      problems.errors.push(typeInvalid(path, value, 'must be an object'))
  }

  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }

  raw(name: string): unknown {
    this.#asked.add(name)
    return this.#fields[name] ?? undefined
  }

  text(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'string') return value
    return this.#wrong(name, value, 'must be a string')
  }

  integer(name: string): number | undefined {
    const value = this.raw(name)
    if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value
    return this.#wrong(name, value, 'must be an integer')
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.#wrong(name, value, 'must be true or false')
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    return Array.isArray(value) ? value : this.#wrong(name, value, 'must be a list')
  }

  texts(name: string): readonly string[] | undefined {
    return this.list(name)?.map(String)
  }

  object(name: string): FieldsReader | undefined {
    const value = this.raw(name)
    return value === undefined ? undefined : new FieldsReader(value, this.at(name), this.#problems)
  }

  objects(name: string): readonly FieldsReader[] | undefined {
    return this.list(name)?.map(
      (value, index) => new FieldsReader(value, `${this.at(name)}[${index}]`, this.#problems),
    )
  }

  fail(...errors: readonly FieldError[]): void {
    this.#problems.errors.push(...errors)
  }

  /** `detail` unless the number is within the limits. */
  within(name: string, value: number, least: number, most: number, detail: string): void {
    if (value < least || value > most) this.fail(invalidValue(this.at(name), value, detail))
  }

  /** All fields have been asked for: others are unknown. */
  end(): void {
    for (const name in this.#fields) if (!this.#asked.has(name)) this.#problems.unknown.push(this.at(name))
  }

  #wrong(name: string, value: unknown, detail: string): undefined {
    this.fail(typeInvalid(this.at(name), value, detail))
    return undefined
  }
}
