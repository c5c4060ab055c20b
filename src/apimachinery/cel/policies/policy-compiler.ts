import type { Environment, Program } from '../api.ts'
import { newEnvironment, storedEnvironment } from '../kubernetes.ts'
import { authorizerType, resourceCheckType } from '../library/kubernetes/authorizer.ts'
import { jsonPatchDecl, jsonPatchFunctions } from '../library/kubernetes/json-patch.ts'
import { objectDecl, simpleDecl } from '../types/decl-type.ts'
import {
  anyType,
  boolType,
  type CelType,
  describeType,
  dynType,
  isExactType,
  listOf,
  nullType,
  stringType,
  structType,
} from '../types/type.ts'
import { namespaceDecl, requestDecl } from './policy-types.ts'

/** Whether an expression comes from a client now, or is stored already and may use whatever it always could. */
export type ExpressionAge = 'new' | 'stored'

/** What an expression is for: what it may name, and what it has to give. */
export interface ExpressionUse {
  readonly returns: readonly CelType[]
  readonly hasAuthorizer: boolean
  /** `Object{…}`, `JSONPatch{…}` and `jsonpatch.escapeKey`. */
  readonly hasPatchTypes?: boolean
}

export const expressionUses = {
  matchCondition: { returns: [boolType], hasAuthorizer: true },
  variable: { returns: [anyType, dynType], hasAuthorizer: true },
  validation: { returns: [boolType], hasAuthorizer: true },
  messageExpression: { returns: [stringType], hasAuthorizer: false },
  auditAnnotation: { returns: [stringType, nullType], hasAuthorizer: true },
  applyConfiguration: { returns: [structType('Object')], hasAuthorizer: true, hasPatchTypes: true },
  jsonPatch: { returns: [listOf(structType('JSONPatch'))], hasAuthorizer: true, hasPatchTypes: true },
} as const satisfies Readonly<Record<string, ExpressionUse>>

/** `error`: what upstream says of the expression's field. */
export type CompiledExpression =
  | { readonly program: Program; readonly outputType: CelType; readonly references: ReadonlySet<string> }
  | { readonly error: string }

/**
 * The environments of policies and match conditions, by what they declare: each is made once, when it is first asked
 * for, and never changes.
 */
export class PolicyEnvironments {
  readonly #known = new Map<string, Environment>()

  environment(age: ExpressionAge, hasParams: boolean, use: ExpressionUse): Environment {
    const { hasAuthorizer, hasPatchTypes = false } = use
    const key = `${age} ${hasParams} ${hasAuthorizer} ${hasPatchTypes}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = this.#base(age).extend({
      variables: {
        object: dynType,
        oldObject: dynType,
        namespaceObject: namespaceDecl,
        request: requestDecl,
        ...(hasParams ? { params: dynType } : {}),
        ...(hasAuthorizer
          ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType }
          : {}),
      },
      ...(hasPatchTypes
        ? { types: [jsonPatchDecl], openTypes: ['Object'], functions: jsonPatchFunctions }
        : {}),
    })
    this.#known.set(key, made)
    return made
  }

  #base(age: ExpressionAge): Environment {
    const known = this.#known.get(age)
    if (known !== undefined) return known
    const made = age === 'new' ? newEnvironment() : storedEnvironment()
    this.#known.set(age, made)
    return made
  }
}

const wanted = (returns: readonly CelType[]): string => {
  const texts = returns.map(describeType)
  return texts.length === 1 ? (texts[0] ?? '') : `one of [${texts.join(' ')}]`
}

/**
 * Compiles the expressions of one policy, or of the match conditions of one webhook. Variables become fields of
 * `variables` in the order in which they are added.
 */
export class PolicyCompiler {
  readonly #environments: PolicyEnvironments
  readonly #hasParams: boolean
  readonly #variables = new Map<string, CelType>()
  readonly #hasVariables: boolean

  /** `hasVariables`: the policy has some, so that expressions may name `variables`. */
  constructor(
    environments: PolicyEnvironments,
    options: { readonly hasParams: boolean; readonly hasVariables: boolean },
  ) {
    this.#environments = environments
    this.#hasParams = options.hasParams
    this.#hasVariables = options.hasVariables
  }

  /** One that does not compile is declared all the same: those that use it are not to blame. */
  addVariable(name: string, text: string, age: ExpressionAge): CompiledExpression {
    const compiled = this.compile(text, expressionUses.variable, age)
    this.#variables.set(name, 'error' in compiled ? dynType : compiled.outputType)
    return compiled
  }

  compile(text: string, use: ExpressionUse, age: ExpressionAge): CompiledExpression {
    const base = this.#environments.environment(age, this.#hasParams, use)
    const environment = this.#hasVariables
      ? base.extend({ variables: { variables: this.#variablesDecl() } })
      : base
    const compilation = environment.compile(text)
    if ('error' in compilation) return { error: `compilation failed: ${compilation.error}` }
    const { outputType, references } = compilation.expression
    const fits = use.returns.some((type) => type.kind === 'any' || isExactType(outputType, type))
    if (!fits) return { error: `must evaluate to ${wanted(use.returns)} but got ${describeType(outputType)}` }
    const planned = compilation.expression.program()
    if ('error' in planned) return { error: `program instantiation failed: ${planned.error}` }
    return { program: planned.program, outputType, references }
  }

  #variablesDecl() {
    const fields = Object.fromEntries(
      [...this.#variables].map(([name, type]) => [name, simpleDecl(type.name, declarable(type), 1)]),
    )
    return objectDecl('kubernetes.variables', fields)
  }
}

const simpleKinds: ReadonlySet<string> = new Set(
  'any bool bytes double duration int null string timestamp uint list map'.split(' '),
)

/** Types that libraries brought are not known of a variable: it counts as dyn. */
const declarable = (type: CelType): CelType => (simpleKinds.has(type.kind) ? type : dynType)
