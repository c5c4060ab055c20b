import {
  type CelType,
  dynType,
  errorType,
  isAssignableType,
  isDyn,
  isExactType,
  listOf,
  mapOf,
  nullType,
  opaqueType,
  typeOfType,
} from '../types/type.ts'

const isError = (type: CelType): boolean => type.kind === 'error'

/** Kinds that take null although nothing says so. */
const nullableKinds: ReadonlySet<string> = new Set(['opaque', 'struct', 'any', 'duration', 'timestamp'])

const takesNull = (type: CelType): boolean => nullableKinds.has(type.kind) || isAssignableType(type, nullType)

/** Whether `a` says as much as `b` or less. */
function isEqualOrLessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'typeParam') return true
  if (isDyn(b) || b.kind === 'typeParam' || a.kind !== b.kind) return false
  switch (a.kind) {
    case 'opaque':
      if (a.name !== b.name || a.parameters.length !== b.parameters.length) return false
      return parametersLessSpecific(a, b)
    case 'list':
    case 'map':
      return parametersLessSpecific(a, b)
    case 'type':
      return true
    default:
      return isExactType(a, b)
  }
}

const parametersLessSpecific = (a: CelType, b: CelType): boolean =>
  a.parameters.every((parameter, index) => isEqualOrLessSpecific(parameter, b.parameters[index] ?? errorType))

export const mostGeneral = (a: CelType, b: CelType): CelType => (isEqualOrLessSpecific(a, b) ? a : b)

/**
 * What is known of type parameters while an expression is checked. A question that fails leaves no trace:
 * what it found out on the way is taken back.
 */
export class Substitutions {
  readonly #types = new Map<string, CelType>()
  readonly #trail: (readonly [string, CelType | undefined])[] = []

  isAssignable(a: CelType, b: CelType): boolean {
    return this.areAssignable([a], [b])
  }

  areAssignable(from: readonly CelType[], to: readonly CelType[]): boolean {
    const mark = this.#trail.length
    if (this.#allAssignable(from, to)) return true
    while (this.#trail.length > mark) {
      const [name, before] = this.#trail.pop() ?? ['', undefined]
      if (before === undefined) this.#types.delete(name)
      else this.#types.set(name, before)
    }
    return false
  }

  #set(parameter: CelType, type: CelType): void {
    this.#trail.push([parameter.name, this.#types.get(parameter.name)])
    this.#types.set(parameter.name, type)
  }

  #find(type: CelType): CelType | undefined {
    return type.kind === 'typeParam' ? this.#types.get(type.name) : undefined
  }

  #allAssignable(from: readonly CelType[], to: readonly CelType[]): boolean {
    return (
      from.length === to.length && from.every((type, index) => this.#assignable(type, to[index] ?? errorType))
    )
  }

  #assignable(a: CelType, b: CelType): boolean {
    if (b.kind === 'typeParam') {
      const [valid, hadType] = this.#substitutes(a, b)
      if (valid) return true
      if (hadType) return false
    }
    if (a.kind === 'typeParam') return this.#substitutes(b, a)[0]
    if (isDyn(a) || isDyn(b) || isError(a) || isError(b)) return true
    if (a.kind === 'null') return takesNull(b)
    if (b.kind === 'null') return takesNull(a)
    switch (a.kind) {
      case 'type':
        return b.kind === 'type'
      case 'opaque':
      case 'list':
      case 'map':
        return a.kind === b.kind && a.name === b.name && this.#allAssignable(a.parameters, b.parameters)
      default:
        return isAssignableType(b, a)
    }
  }

  /** Whether `type` may stand for a parameter, and whether the parameter had a type already. */
  #substitutes(type: CelType, parameter: CelType): readonly [boolean, boolean] {
    if (isExactType(type, parameter)) return [true, true]
    const known = this.#find(parameter)
    if (known !== undefined) {
      if (isExactType(type, known)) return [true, true]
      if (!this.#assignable(type, known)) return [false, true]
      const general = mostGeneral(type, known)
      if (this.#isFree(parameter, general)) this.#set(parameter, general)
      return [true, true]
    }
    if (!this.#isFree(parameter, type)) return [false, false]
    this.#set(parameter, type)
    return [true, false]
  }

  /** Whether a parameter does not occur in a type, which would make the type infinite. */
  #isFree(parameter: CelType, within: CelType): boolean {
    if (isExactType(parameter, within)) return false
    if (within.kind === 'typeParam') {
      const known = this.#find(within)
      return known === undefined || this.#isFree(parameter, known)
    }
    return within.parameters.every((type) => this.#isFree(parameter, type))
  }

  /** A type with its parameters replaced by what is known of them; `toDyn`: the rest by dyn. */
  apply(type: CelType, toDyn = false): CelType {
    const known = this.#find(type)
    if (known !== undefined) return this.apply(known, toDyn)
    if (type.kind === 'typeParam') return toDyn ? dynType : type
    if (type.parameters.length === 0) return type
    const parameters = type.parameters.map((parameter) => this.apply(parameter, toDyn))
    if (parameters.every((parameter, index) => parameter === type.parameters[index])) return type
    const [first = errorType, second = errorType] = parameters
    switch (type.kind) {
      case 'list':
        return listOf(first)
      case 'map':
        return mapOf(first, second)
      case 'type':
        return typeOfType(first)
      default:
        return opaqueType(type.name, ...parameters)
    }
  }
}
