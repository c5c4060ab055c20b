/**
 * Where in an object something is: `spec.containers[0].env[3].name`. A path costs one small object until
 * somebody reads it, so validation can carry it along and pay for the text only when there is an error.
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined
  readonly #segment: string | number
  readonly #isKey: boolean
  private constructor(parent: FieldPath | undefined, segment: string | number, isKey: boolean) {
    this.#parent = parent
    this.#segment = segment
    this.#isKey = isKey
  }
  static root(name: string): FieldPath {
    return new FieldPath(undefined, name, false)
  }
  /** `name` may be dotted. */
  child(name: string): FieldPath {
    return new FieldPath(this, name, false)
  }
  index(index: number): FieldPath {
    return new FieldPath(this, index, true)
  }
  /** Of a map's entry, or of a list's element that has a key. */
  key(key: string): FieldPath {
    return new FieldPath(this, key, true)
  }
  toString(): string {
    const segment = this.#isKey ? `[${this.#segment}]` : `${this.#segment}`
    if (this.#parent === undefined) return segment
    return this.#isKey ? this.#parent.toString() + segment : `${this.#parent.toString()}.${segment}`
  }
}

export const fieldPath = (name: string): FieldPath => FieldPath.root(name)
