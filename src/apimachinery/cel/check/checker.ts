import type { FunctionDeclaration, Overload } from '../library/declare.ts'
import {
  type Call,
  type Comprehension,
  type Expr,
  type Ident,
  type ListExpr,
  type MapExpr,
  operators,
  qualifiedName,
  type Select,
  type StructExpr,
} from '../syntax/expr.ts'
import type { Issues } from '../syntax/issues.ts'
import {
  boolType,
  type CelType,
  dynType,
  errorType,
  formatSignature,
  formatType,
  intType,
  isDyn,
  isExactType,
  listOf,
  mapOf,
  optionalOf,
  stringType,
  typeParam,
  unwrapOptional,
} from '../types/type.ts'
import { typeOf } from '../values/value.ts'
import type { Checked, Reference } from './checked.ts'
import { type Declarations, Scope } from './scope.ts'
import { mostGeneral, Substitutions } from './substitutions.ts'

const isError = (type: CelType): boolean => type.kind === 'error'

/** The parameters in a signature. */
function parametersIn(type: CelType, found: Set<string>): void {
  if (type.kind === 'typeParam') found.add(type.name)
  for (const parameter of type.parameters) parametersIn(parameter, found)
}

function rename(type: CelType, names: ReadonlyMap<string, CelType>): CelType {
  if (type.kind === 'typeParam') return names.get(type.name) ?? type
  if (type.parameters.length === 0) return type
  return { ...type, parameters: type.parameters.map((parameter) => rename(parameter, names)) }
}

interface Resolution {
  readonly type: CelType
  readonly overloads: readonly Overload[]
}

class Checker {
  readonly #issues: Issues
  readonly #types = new Map<Expr, CelType>()
  readonly #references = new Map<Expr, Reference>()
  readonly #substitutions = new Substitutions()
  readonly #homogeneousLiterals: boolean
  #scope: Scope
  #variableCount = 0

  constructor(declarations: Declarations, issues: Issues, homogeneousLiterals: boolean) {
    this.#scope = new Scope(declarations)
    this.#issues = issues
    this.#homogeneousLiterals = homogeneousLiterals
  }

  run(expr: Expr): Checked {
    this.#check(expr)
    const types = new Map<Expr, CelType>()
    for (const [node, type] of this.#types) types.set(node, this.#substitutions.apply(type, true))
    return { expr, types, references: this.#references }
  }

  #report(expr: { readonly offset: number }, message: string): CelType {
    this.#issues.report(expr.offset, message)
    return errorType
  }

  #mismatch(expr: Expr, expected: CelType, actual: CelType): CelType {
    return this.#report(expr, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`)
  }

  #undeclared(expr: Expr, name: string): CelType {
    return this.#report(expr, `undeclared reference to '${name}' (in container '')`)
  }

  #freshVariable(): CelType {
    return typeParam(`_var${this.#variableCount++}`)
  }

  #check(expr: Expr): CelType {
    const type = this.#typeOf(expr)
    this.#types.set(expr, type)
    return type
  }

  #typeOf(expr: Expr): CelType {
    switch (expr.kind) {
      case 'literal':
        return typeOf(expr.value)
      case 'ident':
        return this.#ident(expr)
      case 'select':
        return this.#select(expr)
      case 'call':
        return this.#call(expr)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'struct':
        return this.#struct(expr)
      case 'comprehension':
        return this.#comprehension(expr)
    }
  }

  #refer(expr: Expr, name: string): CelType | undefined {
    const identity = this.#scope.identity(name)
    if (identity === undefined) return undefined
    this.#references.set(expr, { kind: 'variable', name: identity.name, isLocal: identity.isLocal })
    return identity.type
  }

  #ident(expr: Ident): CelType {
    return this.#refer(expr, expr.name) ?? this.#undeclared(expr, expr.name)
  }

  #select(expr: Select): CelType {
    const name = qualifiedName(expr)
    const qualified = name === undefined ? undefined : this.#refer(expr, name)
    if (qualified !== undefined) return qualified
    const type = this.#field(expr, expr.operand, expr.field, false)
    return expr.testOnly ? boolType : this.#substitutions.apply(type)
  }

  #field(expr: Expr, operand: Expr, field: string, optional: boolean): CelType {
    const operandType = this.#substitutions.apply(this.#check(operand))
    const inner = unwrapOptional(operandType)
    const type = this.#fieldType(expr, inner ?? operandType, field)
    return inner !== undefined || optional ? optionalOf(type) : type
  }

  #fieldType(expr: Expr, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.parameters[1] ?? errorType
      case 'struct':
        return this.#structField(expr, target.name, field)
      case 'typeParam':
        this.#substitutions.isAssignable(dynType, target)
        return dynType
      default:
        if (!isDyn(target) && !isError(target)) {
          this.#report(expr, `type '${formatType(target)}' does not support field selection`)
        }
        return dynType
    }
  }

  #structField(expr: { readonly offset: number }, struct: string, field: string): CelType {
    const found = this.#scope.fieldOf(struct, field)
    if (found === undefined) return this.#report(expr, `unexpected failed resolution of '${struct}'`)
    return found.type ?? this.#report(expr, `undefined field '${field}'`)
  }

  #optionalSelect(expr: Call): CelType {
    const [operand, field] = expr.args
    if (operand === undefined || field?.kind !== 'literal' || typeof field.value !== 'string') {
      return this.#report(
        expr,
        `unsupported optional field selection: incorrect signature. argument count: ${expr.args.length}`,
      )
    }
    this.#types.set(field, stringType)
    const type = this.#field(expr, operand, field.value, true)
    const declared = this.#scope.functionNamed(operators.optSelect)
    this.#resolveTo(expr, operators.optSelect, declared?.overloads ?? [], false)
    return this.#substitutions.apply(type)
  }

  #resolveTo(expr: Expr, name: string, overloads: readonly Overload[], isMethod: boolean): void {
    this.#references.set(expr, { kind: 'function', name, overloads, isMethod })
  }

  #call(expr: Call): CelType {
    if (expr.name === operators.optSelect) return this.#optionalSelect(expr)
    for (const argument of expr.args) this.#check(argument)
    if (expr.target === undefined) return this.#function(expr, this.#scope.functionNamed(expr.name))
    const prefix = qualifiedName(expr.target)
    const qualified = prefix === undefined ? undefined : this.#scope.functionNamed(`${prefix}.${expr.name}`)
    if (qualified !== undefined) return this.#function(expr, qualified)
    this.#check(expr.target)
    const declared = this.#scope.functionNamed(expr.name)
    return declared === undefined
      ? this.#undeclared(expr, expr.name)
      : this.#apply(expr, declared, expr.target)
  }

  #function(expr: Call, declared: FunctionDeclaration | undefined): CelType {
    return declared === undefined ? this.#undeclared(expr, expr.name) : this.#apply(expr, declared, undefined)
  }

  #apply(expr: Call, declared: FunctionDeclaration, target: Expr | undefined): CelType {
    const operands = target === undefined ? expr.args : [target, ...expr.args]
    const types = operands.map((operand) => this.#types.get(operand) ?? errorType)
    const isMethod = target !== undefined
    const resolution =
      declared.name === operators.and || declared.name === operators.or
        ? this.#logical(expr, declared, types)
        : this.#overloads(declared, types, isMethod)
    if (resolution === undefined) {
      const shown = types.map((type) => this.#substitutions.apply(type, true))
      return this.#report(
        expr,
        `found no matching overload for '${declared.name}' applied to '${formatSignature(shown, isMethod)}'`,
      )
    }
    this.#resolveTo(expr, declared.name, resolution.overloads, isMethod)
    return resolution.type
  }

  /** `&&` and `||` say which of their operands is no bool. */
  #logical(expr: Call, declared: FunctionDeclaration, types: readonly CelType[]): Resolution {
    const wrong = expr.args.filter((argument, index) => {
      const type = types[index] ?? errorType
      if (this.#substitutions.isAssignable(type, boolType)) return false
      this.#mismatch(argument, boolType, type)
      return true
    })
    return { type: wrong.length > 0 ? errorType : boolType, overloads: declared.overloads }
  }

  /** All signatures that the arguments fit; where their results differ, the type is dyn. */
  #overloads(
    declared: FunctionDeclaration,
    types: readonly CelType[],
    isMethod: boolean,
  ): Resolution | undefined {
    let type: CelType | undefined
    const fitting: Overload[] = []
    for (const overload of declared.overloads) {
      if (overload.isMethod !== isMethod) continue
      const { parameters, result } = this.#instantiate(overload)
      if (!this.#substitutions.areAssignable(types, parameters)) continue
      fitting.push(overload)
      const found = this.#substitutions.apply(result)
      if (type === undefined) type = found
      else if (!isDyn(type) && !isExactType(found, type)) type = dynType
    }
    return type === undefined ? undefined : { type, overloads: fitting }
  }

  /** A signature with type parameters of its own. */
  #instantiate(overload: Overload): Pick<Overload, 'parameters' | 'result'> {
    const names = new Set<string>()
    for (const parameter of overload.parameters) parametersIn(parameter, names)
    parametersIn(overload.result, names)
    if (names.size === 0) return overload
    const fresh = new Map([...names].map((name) => [name, this.#freshVariable()]))
    return {
      parameters: overload.parameters.map((parameter) => rename(parameter, fresh)),
      result: rename(overload.result, fresh),
    }
  }

  /** What an element written with `?` holds. */
  #unwrapped(expr: Expr, type: CelType): CelType {
    const inner = unwrapOptional(type)
    if (inner === undefined && !isDyn(type)) this.#mismatch(expr, optionalOf(type), type)
    return inner ?? type
  }

  #join(expr: Expr, previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current
    if (this.#substitutions.isAssignable(previous, current)) return mostGeneral(previous, current)
    return this.#homogeneousLiterals ? this.#mismatch(expr, previous, current) : dynType
  }

  #list(expr: ListExpr): CelType {
    let elements: CelType | undefined
    for (const [index, element] of expr.elements.entries()) {
      const type = this.#check(element)
      const held = expr.optionals.has(index) ? this.#unwrapped(element, type) : type
      elements = this.#join(element, elements, held)
    }
    return listOf(elements ?? this.#freshVariable())
  }

  #map(expr: MapExpr): CelType {
    let keys: CelType | undefined
    let values: CelType | undefined
    for (const { key, value, optional } of expr.entries) {
      keys = this.#join(key, keys, this.#check(key))
      const type = this.#check(value)
      values = this.#join(value, values, optional ? this.#unwrapped(value, type) : type)
    }
    return mapOf(keys ?? this.#freshVariable(), values ?? this.#freshVariable())
  }

  #struct(expr: StructExpr): CelType {
    const identity = this.#scope.identity(expr.typeName)
    if (identity === undefined) return this.#undeclared(expr, expr.typeName)
    const type = identity.type.kind === 'type' ? identity.type.parameters[0] : undefined
    if (type === undefined) {
      this.#report(expr, `'${identity.type.name}' is not a type`)
    } else if (type.kind !== 'struct') {
      this.#report(expr, `'${type.name}' is not a message type`)
    }
    this.#references.set(expr, { kind: 'variable', name: identity.name, isLocal: false })
    for (const field of expr.fields) {
      const given = this.#check(field.value)
      const wanted = type?.kind === 'struct' ? this.#structField(field, type.name, field.name) : errorType
      const held = field.optional ? this.#unwrapped(field.value, given) : given
      if (this.#substitutions.isAssignable(wanted, held)) continue
      this.#report(
        field,
        `expected type of field '${field.name}' is '${formatType(wanted)}' but provided type is '${formatType(held)}'`,
      )
    }
    return type?.kind === 'struct' ? type : errorType
  }

  #comprehension(expr: Comprehension): CelType {
    const range = this.#substitutions.apply(this.#check(expr.range))
    const accuType = this.#check(expr.init)
    const outer = this.#scope
    const withAccu = outer.enter([[expr.accuVar, accuType]])
    this.#scope = withAccu.enter(this.#iterated(expr, range))
    this.#assertType(expr.condition, boolType)
    this.#assertType(expr.step, accuType)
    this.#scope = withAccu
    const result = this.#check(expr.result)
    this.#scope = outer
    return this.#substitutions.apply(result)
  }

  /** The variables of a comprehension over a range. */
  #iterated(expr: Comprehension, range: CelType): readonly (readonly [string, CelType])[] {
    const [first = errorType, second = errorType] = this.#rangeTypes(expr, range)
    if (expr.iterVar2 === undefined) return [[expr.iterVar, range.kind === 'list' ? second : first]]
    return [
      [expr.iterVar, first],
      [expr.iterVar2, second],
    ]
  }

  #rangeTypes(expr: Comprehension, range: CelType): readonly CelType[] {
    switch (range.kind) {
      case 'list':
        return [intType, ...range.parameters]
      case 'map':
        return range.parameters
      case 'any':
      case 'dyn':
      case 'error':
      case 'typeParam':
        this.#substitutions.isAssignable(dynType, range)
        return [dynType, dynType]
      default:
        this.#report(
          expr.range,
          `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        )
        return []
    }
  }

  #assertType(expr: Expr, type: CelType): void {
    const found = this.#check(expr)
    if (!this.#substitutions.isAssignable(type, found)) this.#mismatch(expr, type, found)
  }
}

/** Types and overloads for every node, or issues. */
export const check = (
  expr: Expr,
  declarations: Declarations,
  issues: Issues,
  homogeneousLiterals: boolean,
): Checked => new Checker(declarations, issues, homogeneousLiterals).run(expr)
