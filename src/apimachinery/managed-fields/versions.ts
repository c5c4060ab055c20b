import type { Schema } from '../schema.ts'
import type { Fields } from './typed.ts'

/** The versions that a kind has: managers may have written in any of them. */
export interface Versions {
  /** The type in a version (`autoscaling/v2`); undefined for one that is not known (any more). */
  schemaOf(apiVersion: string): Schema | undefined
  /** An object in another version; both are known. */
  convert(object: Fields, from: string, to: string): Fields
}

/** Of a kind with one version. */
export const oneVersion = (apiVersion: string, schema: Schema): Versions => ({
  schemaOf: (asked) => (asked === apiVersion ? schema : undefined),
  convert: (object) => object,
})

/** An object in the versions in which it is asked for, each made once. */
export class VersionedObject {
  readonly #versions: Versions
  readonly #apiVersion: string
  readonly #known = new Map<string, Fields>()

  constructor(versions: Versions, apiVersion: string, object: Fields) {
    this.#versions = versions
    this.#apiVersion = apiVersion
    this.#known.set(apiVersion, object)
  }

  in(apiVersion: string): Fields {
    const known = this.#known.get(apiVersion)
    if (known !== undefined) return known
    const made = this.#versions.convert(this.in(this.#apiVersion), this.#apiVersion, apiVersion)
    this.#known.set(apiVersion, made)
    return made
  }
}
