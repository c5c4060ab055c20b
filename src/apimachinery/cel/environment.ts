import type {
  Compilation,
  Environment,
  Evaluation,
  Expression,
  Extension,
  Program,
  Variables,
} from './api.ts'
import { celLimits } from './api.ts'
import type { Checked } from './check/checked.ts'
import { check } from './check/checker.ts'
import type { Declarations } from './check/scope.ts'
import type { Validator } from './check/validators.ts'
import { estimateCost } from './cost/estimate.ts'
import type { CostEstimate, SizeEstimator } from './cost/estimates.ts'
import type { FunctionDeclaration } from './library/declare.ts'
import { CostLimitExceeded, type Evaluate, Frame } from './run/frame.ts'
import { PlanError } from './run/plan.ts'
import { plan } from './run/planner.ts'
import { children, type Expr, operators } from './syntax/expr.ts'
import { Issues } from './syntax/issues.ts'
import type { Macro } from './syntax/macros.ts'
import { parse } from './syntax/parser.ts'
import { type DeclType, objectTypesIn } from './types/decl-type.ts'
import type { CelType } from './types/type.ts'
import { CelError } from './values/value.ts'

/** A set of functions, macros and rules that belong together. */
export interface Library {
  readonly functions?: readonly FunctionDeclaration[]
  readonly macros?: readonly Macro[]
  readonly validators?: readonly Validator[]
  /** Types that expressions may name. */
  readonly types?: readonly CelType[]
}

interface Contents {
  readonly declarations: Declarations
  readonly macros: ReadonlyMap<string, readonly Macro[]>
  readonly validators: readonly Validator[]
  /** All elements of a list literal have one type, and all keys and values of a map. */
  readonly homogeneousLiterals: boolean
}

/** Adds overloads to those that a function of the same name has; a declaration of an overload again changes nothing. */
function addFunctions(
  known: ReadonlyMap<string, FunctionDeclaration>,
  added: readonly FunctionDeclaration[],
): ReadonlyMap<string, FunctionDeclaration> {
  if (added.length === 0) return known
  const functions = new Map(known)
  for (const { name, overloads } of added) {
    const before = functions.get(name)?.overloads ?? []
    const fresh = overloads.filter(({ id }) => !before.some((overload) => overload.id === id))
    functions.set(name, { name, overloads: [...before, ...fresh] })
  }
  return functions
}

function addMacros(
  known: ReadonlyMap<string, readonly Macro[]>,
  added: readonly Macro[],
): ReadonlyMap<string, readonly Macro[]> {
  if (added.length === 0) return known
  const macros = new Map(known)
  for (const macro of added) macros.set(macro.name, [...(macros.get(macro.name) ?? []), macro])
  return macros
}

const isDeclType = (type: CelType | DeclType): type is DeclType => 'celType' in type

class CelEnvironment implements Environment {
  readonly #contents: Contents

  constructor(contents: Contents) {
    this.#contents = contents
  }

  extend({
    variables = {},
    types = [],
    functions = [],
    macros = [],
    openTypes = [],
  }: Extension): Environment {
    const { declarations } = this.#contents
    const structs = new Map(declarations.structs)
    const named = new Map(declarations.variables)
    for (const [name, type] of Object.entries(variables)) {
      named.set(name, isDeclType(type) ? type.celType : type)
      if (isDeclType(type))
        for (const [struct, declared] of objectTypesIn(type)) structs.set(struct, declared)
    }
    for (const type of types)
      for (const [struct, declared] of objectTypesIn(type)) structs.set(struct, declared)
    return new CelEnvironment({
      ...this.#contents,
      macros: addMacros(this.#contents.macros, macros),
      declarations: {
        ...declarations,
        structs,
        variables: named,
        openTypes: [...declarations.openTypes, ...openTypes],
        functions: addFunctions(declarations.functions, functions),
      },
    })
  }

  compile(text: string): Compilation {
    const issues = new Issues(text)
    const expr = parse(text, this.#contents.macros, issues)
    if (expr === undefined) return { error: issues.toString() }
    const checked = check(expr, this.#contents.declarations, issues, this.#contents.homogeneousLiterals)
    if (issues.count > 0) return { error: issues.toString() }
    for (const validate of this.#contents.validators) validate(checked, issues)
    if (issues.count > 0) return { error: issues.toString() }
    return { expression: new CelExpression(text, checked) }
  }
}

const isVariable = (expr: Expr | undefined, name: string): boolean =>
  expr?.kind === 'ident' && expr.name === name

function selectsField(expr: Expr, variable: string, field: string): boolean {
  if (expr.kind === 'select' && expr.field === field && isVariable(expr.operand, variable)) return true
  if (expr.kind === 'call' && expr.name === operators.optSelect) {
    const [operand, name] = expr.args
    if (isVariable(operand, variable) && name?.kind === 'literal' && name.value === field) return true
  }
  return children(expr).some((part) => selectsField(part, variable, field))
}

class CelExpression implements Expression {
  readonly text: string
  readonly references: ReadonlySet<string>
  readonly #checked: Checked

  constructor(text: string, checked: Checked) {
    this.text = text
    this.#checked = checked
    this.references = new Set(
      [...checked.references.values()]
        .filter((reference) => reference.kind === 'variable' && !reference.isLocal)
        .map(({ name }) => name),
    )
  }

  get outputType(): CelType {
    const type = this.#checked.types.get(this.#checked.expr)
    if (type === undefined) throw new Error('a checked expression has a type')
    return type
  }

  selects(variable: string, field: string): boolean {
    return selectsField(this.#checked.expr, variable, field)
  }

  program(): { readonly program: Program } | { readonly error: string } {
    try {
      return { program: new CelProgram(plan(this.#checked)) }
    } catch (error) {
      if (error instanceof PlanError) return { error: error.message }
      throw error
    }
  }

  estimateCost(sizes: SizeEstimator): CostEstimate {
    return estimateCost(this.#checked, sizes)
  }
}

class CelProgram implements Program {
  readonly #evaluate: Evaluate

  constructor(evaluate: Evaluate) {
    this.#evaluate = evaluate
  }

  evaluate(variables: Variables, options: { readonly costLimit?: number } = {}): Evaluation {
    const frame = new Frame(variables, options.costLimit ?? celLimits.perCall)
    try {
      const value = this.#evaluate(frame)
      const { cost } = frame
      return value instanceof CelError
        ? { ok: false, error: value.message, overLimit: false, cost }
        : { ok: true, value, cost }
    } catch (error) {
      if (!(error instanceof CostLimitExceeded)) throw error
      return { ok: false, error: error.message, overLimit: true, cost: frame.cost }
    }
  }
}

/** An environment of libraries. Later macros of a name and arity come after earlier ones. */
export function environmentOf(
  libraries: readonly Library[],
  options: { readonly homogeneousLiterals: boolean },
): Environment {
  let functions: ReadonlyMap<string, FunctionDeclaration> = new Map()
  let macros: ReadonlyMap<string, readonly Macro[]> = new Map()
  const types = new Map<string, CelType>()
  for (const library of libraries) {
    functions = addFunctions(functions, library.functions ?? [])
    macros = addMacros(macros, library.macros ?? [])
    for (const type of library.types ?? []) types.set(type.name, type)
  }
  return new CelEnvironment({
    declarations: { variables: new Map(), structs: new Map(), functions, types, openTypes: [] },
    macros,
    validators: libraries.flatMap((library) => library.validators ?? []),
    ...options,
  })
}
