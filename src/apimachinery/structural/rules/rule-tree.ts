import { type DeclType, escapeName, SchemaBinder } from '../../cel/index.ts'
import { itemsOf, type JsonSchema, someSchema, valuesOf } from '../json-schema.ts'
import { type CompiledRule, compileRules, type RuleCompiler } from './compile-rule.ts'
import { declTypeOf, valueSchemaOf } from './value-schema.ts'

const withKinds = (schema: JsonSchema, isRoot: boolean): JsonSchema =>
  isRoot ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema

/** The rules of a schema and of what is in it, compiled: where there are none, there is no tree. */
export class RuleTree {
  /** What values are read by. */
  readonly schema: JsonSchema
  readonly rules: readonly CompiledRule[]
  readonly error: string | undefined
  readonly items: RuleTree | undefined
  readonly values: RuleTree | undefined
  readonly properties: ReadonlyMap<string, RuleTree>
  readonly allOf: readonly RuleTree[]
  readonly #isRoot: boolean
  #binder: SchemaBinder | undefined

  /** `restriction` holds the rules, `schema` says what the values are; they differ within allOf. */
  constructor(
    restriction: JsonSchema,
    schema: JsonSchema,
    isRoot: boolean,
    type: DeclType | undefined,
    compiler: RuleCompiler,
  ) {
    this.schema = schema
    this.#isRoot = isRoot
    const rules = restriction['x-kubernetes-validations'] ?? []
    this.error =
      rules.length > 0 && type === undefined
        ? 'failed to convert to declType for CEL validation rules'
        : undefined
    this.rules = type === undefined ? [] : compileRules(schema, rules, type, compiler)
    const below = (
      part: JsonSchema | undefined,
      own: JsonSchema | undefined,
      inner: DeclType | undefined,
    ): RuleTree | undefined => {
      if (part === undefined || own === undefined || !hasRules(part)) return undefined
      return new RuleTree(part, own, own['x-kubernetes-embedded-resource'] === true, inner, compiler)
    }
    this.items = below(itemsOf(restriction), itemsOf(schema), type?.elemType)
    this.values = below(valuesOf(restriction), valuesOf(schema), type?.elemType)
    this.properties = propertyTrees(restriction, schema, type, below)
    this.allOf = (restriction.allOf ?? [])
      .filter(hasRules)
      .map((part) => new RuleTree(part, schema, isRoot, type, compiler))
  }

  get usesOldSelf(): boolean {
    return this.rules.some(({ usesOldSelf }) => usesOldSelf)
  }

  get binder(): SchemaBinder {
    this.#binder ??= new SchemaBinder(valueSchemaOf(withKinds(this.schema, this.#isRoot)))
    return this.#binder
  }
}

type Below = (
  part: JsonSchema | undefined,
  own: JsonSchema | undefined,
  inner: DeclType | undefined,
) => RuleTree | undefined

function propertyTrees(
  restriction: JsonSchema,
  schema: JsonSchema,
  type: DeclType | undefined,
  below: Below,
): ReadonlyMap<string, RuleTree> {
  const trees = new Map<string, RuleTree>()
  for (const [name, part] of Object.entries(restriction.properties ?? {})) {
    const own = schema.properties?.[name]
    if (own === undefined) continue
    const escaped = escapeName(name)
    // Fields that expressions cannot name have rules of their own all the same.
    const inner =
      escaped === undefined
        ? declTypeOf(own, own['x-kubernetes-embedded-resource'] === true)
        : type?.fields?.get(escaped)?.type
    const tree = inner === undefined ? undefined : below(part, own, inner)
    if (tree !== undefined) trees.set(name, tree)
  }
  return trees
}

export const hasRules = (schema: JsonSchema): boolean =>
  someSchema(schema, (part) => (part['x-kubernetes-validations'] ?? []).length > 0)

/** The tree of a whole schema; undefined where it has no rules. */
export function ruleTree(schema: JsonSchema, isRoot: boolean, compiler: RuleCompiler): RuleTree | undefined {
  if (!hasRules(schema)) return undefined
  return new RuleTree(schema, schema, isRoot, declTypeOf(schema, isRoot), compiler)
}
