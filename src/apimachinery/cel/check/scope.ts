import type { FunctionDeclaration } from '../library/declare.ts'
import type { DeclType } from '../types/decl-type.ts'
import { isReserved } from '../types/escape.ts'
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  stringType,
  structType,
  timestampType,
  typeOfType,
  typeParam,
  typeType,
  uintType,
} from '../types/type.ts'

/** What an environment declares; later declarations of a name take the place of earlier ones. */
export interface Declarations {
  readonly variables: ReadonlyMap<string, CelType>
  readonly functions: ReadonlyMap<string, FunctionDeclaration>
  /** Object types, by name. */
  readonly structs: ReadonlyMap<string, DeclType>
  /** Types that expressions may name, beside the standard ones and the objects. */
  readonly types: ReadonlyMap<string, CelType>
  /** Roots of object types that have any field: `Object` stands for `Object.spec` and all below, too. */
  readonly openTypes: readonly string[]
}

/** Types that expressions may name. */
export const standardTypes: ReadonlyMap<string, CelType> = new Map(
  [
    boolType,
    bytesType,
    doubleType,
    durationType,
    intType,
    listOf(typeParam('A')),
    mapOf(typeParam('A'), typeParam('B')),
    nullType,
    stringType,
    timestampType,
    typeType,
    uintType,
  ].map((type) => [type.name, type]),
)

/** What a name means. */
export interface Identity {
  readonly name: string
  readonly type: CelType
  /** It is the variable of a comprehension. */
  readonly isLocal: boolean
}

/** The names that an expression sees: the environment's, and those of the comprehensions around it. */
export class Scope {
  readonly #declarations: Declarations
  readonly #locals: ReadonlyMap<string, CelType>

  constructor(declarations: Declarations, locals: ReadonlyMap<string, CelType> = new Map()) {
    this.#declarations = declarations
    this.#locals = locals
  }

  /** A scope inside of this one. */
  enter(variables: Iterable<readonly [string, CelType]>): Scope {
    return new Scope(this.#declarations, new Map([...this.#locals, ...variables]))
  }

  identity(written: string): Identity | undefined {
    const name = written.replace(/^\./, '')
    const local = this.#locals.get(name)
    if (local !== undefined) return { name, type: local, isLocal: true }
    const variable = this.#declarations.variables.get(name)
    if (variable !== undefined) return { name, type: variable, isLocal: false }
    const type =
      this.#declarations.structs.has(name) || this.#isOpen(name)
        ? structType(name)
        : (this.#declarations.types.get(name) ?? standardTypes.get(name))
    return type === undefined ? undefined : { name, type: typeOfType(type), isLocal: false }
  }

  #isOpen(name: string): boolean {
    return this.#declarations.openTypes.some((root) => name === root || name.startsWith(`${root}.`))
  }

  functionNamed(written: string): FunctionDeclaration | undefined {
    return this.#declarations.functions.get(written.replace(/^\./, ''))
  }

  /** undefined if no such object type is declared; `field` is undefined if it has no such field. */
  fieldOf(struct: string, field: string): { readonly type: CelType | undefined } | undefined {
    const declared = this.#declarations.structs.get(struct)
    if (declared === undefined) return this.#isOpen(struct) ? { type: dynType } : undefined
    // A property may have the name of a keyword: `.namespace` means the same as `.__namespace__`.
    const found =
      declared.fields?.get(field) ?? (isReserved(field) ? declared.fields?.get(`__${field}__`) : undefined)
    return { type: found?.type.celType }
  }
}
