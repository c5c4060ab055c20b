import {
  boolType,
  type DeclType,
  type Environment,
  type Expression,
  isExactType,
  maxCardinality,
  type Program,
  schemaSizes,
  stringType,
} from '../../cel/index.ts'
import { resolveFieldPath } from '../field-paths.ts'
import type { JsonSchema, SchemaRule } from '../json-schema.ts'
import type { Age, RuleEnvironments, RuleScope } from './rule-environments.ts'

/** A rule that can run, or why it cannot. */
export interface CompiledRule {
  readonly rule: SchemaRule
  readonly error: string | undefined
  readonly usesOldSelf: boolean
  readonly program: Program | undefined
  /** Estimated; 0 where it could not be compiled. */
  readonly maxCost: number
  readonly maxCardinality: number
  readonly message: Program | undefined
  readonly messageError: string | undefined
  readonly messageMaxCost: number
  /** Of `fieldPath`, as errors show it; '' for the value itself. */
  readonly fieldPath: string
}

type Planned = { readonly expression: Expression; readonly program: Program } | { readonly error: string }

function compile(environment: Environment, text: string, wanted: 'bool' | 'string', what: string): Planned {
  const compilation = environment.compile(text)
  const prefix = what === '' ? '' : `${what} `
  if ('error' in compilation) return { error: `${prefix}compilation failed: ${compilation.error}` }
  const { expression } = compilation
  const type = wanted === 'bool' ? boolType : stringType
  if (!isExactType(expression.outputType, type))
    return { error: `${what === '' ? 'cel expression' : what} must evaluate to a ${wanted}` }
  const planned = expression.program()
  const instantiation = what === '' ? 'program instantiation' : `${what} instantiation`
  return 'error' in planned
    ? { error: `${instantiation} failed: ${planned.error}` }
    : { expression, program: planned.program }
}

const printedPath = (path: string, schema: JsonSchema): string => {
  const found = path === '' ? undefined : resolveFieldPath(path, schema, true)
  if (found === undefined || 'error' in found) return ''
  return found.steps.map(({ name, isKey }) => (isKey ? `[${name}]` : `.${name}`)).join('')
}

export interface RuleCompiler {
  readonly environments: RuleEnvironments
  /** How old a rule or message expression is. */
  readonly ageOf: (expression: string, kind: 'rule' | 'message') => Age
}

/** The rules of one place of a schema. */
export function compileRules(
  schema: JsonSchema,
  rules: readonly SchemaRule[],
  type: DeclType,
  { environments, ageOf }: RuleCompiler,
): readonly CompiledRule[] {
  const scopes = new Map<Age, RuleScope>()
  const environment = (rule: SchemaRule, age: Age): Environment => {
    const scope = scopes.get(age) ?? environments.scope(type, age)
    scopes.set(age, scope)
    return rule.optionalOldSelf === true ? scope.optionalOldSelf : scope.rule
  }
  const sizes = schemaSizes(type)
  const cardinality = maxCardinality(type.minSerializedSize)
  const nothing = {
    error: undefined,
    usesOldSelf: false,
    program: undefined,
    maxCost: 0,
    maxCardinality: cardinality,
    message: undefined,
    messageError: undefined,
    messageMaxCost: 0,
    fieldPath: '',
  }
  return rules.map((rule): CompiledRule => {
    if (rule.rule.trim() === '') return { rule, ...nothing }
    const main = compile(environment(rule, ageOf(rule.rule, 'rule')), rule.rule, 'bool', '')
    if ('error' in main) return { rule, ...nothing, error: main.error }
    const compiled = {
      rule,
      ...nothing,
      usesOldSelf: main.expression.references.has('oldSelf'),
      program: main.program,
      maxCost: main.expression.estimateCost(sizes).max,
      fieldPath: printedPath(rule.fieldPath ?? '', schema),
    }
    const { messageExpression = '' } = rule
    if (messageExpression === '') return compiled
    const scope = environment(rule, ageOf(messageExpression, 'message'))
    const message = compile(scope, messageExpression, 'string', 'messageExpression')
    if ('error' in message) return { ...compiled, messageError: message.error }
    const messageMaxCost = message.expression.estimateCost(sizes).max
    return { ...compiled, message: message.program, messageMaxCost }
  })
}
