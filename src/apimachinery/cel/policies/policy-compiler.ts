import type { Compilation, Environment, Program } from '../api.ts'
import { newEnvironment, storedEnvironment } from '../kubernetes.ts'
import { authorizerType, resourceCheckType } from '../library/kubernetes/authorizer.ts'
import { jsonPatchDecl, jsonPatchFunctions } from '../library/kubernetes/json-patch.ts'
import { type DeclType, objectDecl, simpleDecl } from '../types/decl-type.ts'
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

/** What is known of the objects that a policy looks at; absent: any object. */
export interface KnownTypes {
  readonly object?: DeclType | undefined
  readonly params?: DeclType | undefined
}

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

  /** For checking types, as upstream does it: without what is asked of the requested resource. */
  typed(types: KnownTypes, hasParams: boolean): Environment {
    return this.#base('stored').extend({
      variables: {
        object: types.object ?? dynType,
        oldObject: types.object ?? dynType,
        namespaceObject: namespaceDecl,
        request: requestDecl,
        ...(hasParams ? { params: types.params ?? dynType } : {}),
        authorizer: authorizerType,
      },
    })
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
      ? base.extend({ variables: { variables: variablesDecl(this.#variables) } })
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
}

/** The variables that are known so far, as a type. */
function variablesDecl(variables: ReadonlyMap<string, CelType>): DeclType {
  const fields = Object.fromEntries(
    [...variables].map(([name, type]) => [name, simpleDecl(type.name, declarable(type), 1)]),
  )
  return objectDecl('kubernetes.variables', fields)
}

/** Checks the expressions of one policy against the types of what it looks at; nothing is made ready to run. */
export class TypeChecker {
  readonly #environment: Environment
  readonly #variables = new Map<string, CelType>()

  constructor(environments: PolicyEnvironments, types: KnownTypes, hasParams: boolean) {
    this.#environment = environments.typed(types, hasParams)
  }

  /** One with issues counts as dyn for those after it. */
  addVariable(name: string, text: string): void {
    const compilation = this.#compile(text)
    this.#variables.set(name, 'error' in compilation ? dynType : compilation.expression.outputType)
  }

  /** All issues, as upstream prints them; undefined: none. */
  issues(text: string): string | undefined {
    const compilation = this.#compile(text)
    return 'error' in compilation ? compilation.error : undefined
  }

  #compile(text: string): Compilation {
    const variables = variablesDecl(this.#variables)
    return this.#environment.extend({ variables: { variables } }).compile(text)
  }
}

const simpleKinds: ReadonlySet<string> = new Set(
  'any bool bytes double duration int null string timestamp uint list map'.split(' '),
)

/** Types that libraries brought are not known of a variable: it counts as dyn. */
const declarable = (type: CelType): CelType => (simpleKinds.has(type.kind) ? type : dynType)
