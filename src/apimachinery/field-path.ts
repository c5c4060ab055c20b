/**
 * Where in an object something is: `spec.containers[0].env[3].name`. A path costs one small object until
 * somebody reads it, so validation can carry it along and pay for the text only when there is an error.
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined
  readonly #segment: string
  private constructor(parent: FieldPath | undefined, segment: string) {
    this.#parent = parent
    this.#segment = segment
  }
  static root(name: string): FieldPath {
    return new FieldPath(undefined, name)
  }
  /** `name` may be dotted. */
  child(name: string): FieldPath {
    return new FieldPath(this, `.${name}`)
  }
  index(index: number): FieldPath {
    return new FieldPath(this, `[${index}]`)
  }
  /** Of a map's entry, or of a list's element that has a key. */
  key(key: string): FieldPath {
    return new FieldPath(this, `[${key}]`)
  }
  toString(): string {
    return this.#parent === undefined ? this.#segment : this.#parent.toString() + this.#segment
  }
}

export const fieldPath = (name: string): FieldPath => FieldPath.root(name)
