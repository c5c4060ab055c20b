import { Conformer } from '../../../apimachinery/codec/conformer.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { FieldPath as Path } from '../../../apimachinery/field-path.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { checkDefaults, hasUnprunedDefaults } from '../../../apimachinery/structural/check-defaults.ts'
import { checkKeys, setItemComplaint } from '../../../apimachinery/structural/check-list-type.ts'
import { checkSchema, hasInvalidType } from '../../../apimachinery/structural/check-schema.ts'
import { checkStructural } from '../../../apimachinery/structural/check-structural.ts'
import { type JsonSchema, someSchema } from '../../../apimachinery/structural/json-schema.ts'
import { metadataConformer } from '../../../apimachinery/structural/metadata-conformer.ts'
import { checkRules } from '../../../apimachinery/structural/rules/check-rules.ts'
import type { RuleCompiler } from '../../../apimachinery/structural/rules/compile-rule.ts'
import { RuleEnvironments } from '../../../apimachinery/structural/rules/rule-environments.ts'
import { hasRules, ruleTree } from '../../../apimachinery/structural/rules/rule-tree.ts'
import { runRules } from '../../../apimachinery/structural/rules/run-rules.ts'
import type { StructuralSchema } from '../../../apimachinery/structural/structural-schema.ts'
import { unsupportedWord } from '../../../apimachinery/structural/unsupported-word.ts'
import { builtInSchemas } from '../../schemas.ts'
import type { DefinitionVersion } from './definition-state.ts'

type Versions = readonly DefinitionVersion[]

/** What new schemas have to keep; an update need not where the definition did not before (upstream's ratcheting). */
export interface SchemaRules {
  readonly requireStructural: boolean
  readonly requirePrunedDefaults: boolean
  readonly requireValidTypes: boolean
  readonly requireAtomicSets: boolean
  readonly requireMapKeys: boolean
  /** Schemas that did not change. */
  readonly unchanged: readonly JsonSchema[]
  /** Texts of rules and message expressions that are stored already. */
  readonly known: { readonly rule: ReadonlySet<string>; readonly message: ReadonlySet<string> }
}

const schemasOf = (versions: Versions): readonly JsonSchema[] =>
  versions.flatMap(({ schema }) => schema?.openAPIV3Schema ?? [])

const hasBrokenKeys = (schema: JsonSchema): boolean => {
  const errors: FieldError[] = []
  checkKeys(schema, Path.root(''), errors)
  return errors.length > 0
}

const isExtended = (schema: JsonSchema): boolean =>
  Object.keys(schema).some((key) => key.startsWith('x-kubernetes-')) || schema.default !== undefined

function expressionsOf(schemas: readonly JsonSchema[]): SchemaRules['known'] {
  const rule = new Set<string>()
  const message = new Set<string>()
  const collect = (schema: JsonSchema): boolean => {
    for (const each of schema['x-kubernetes-validations'] ?? []) {
      rule.add(each.rule)
      message.add(each.messageExpression ?? '')
    }
    return false
  }
  for (const schema of schemas) someSchema(schema, collect)
  return { rule, message }
}

/** Whether any of their schemas sets a field. */
export const hasDefaults = (versions: Versions): boolean =>
  schemasOf(versions).some((schema) => someSchema(schema, (part) => part.default !== undefined))

const environments = new RuleEnvironments()

export function schemaRules(
  versions: Versions,
  old: Versions | undefined,
  preservesUnknown: boolean,
): SchemaRules {
  const before = schemasOf(old ?? [])
  const now = schemasOf(versions)
  const had = (test: (schema: JsonSchema) => boolean): boolean =>
    before.some((schema) => someSchema(schema, test))
  const wasStructural = before.every(
    (schema) => unsupportedWord(schema) === undefined && checkStructural(schema, Path.root('')).length === 0,
  )
  const isNeeded = !preservesUnknown || now.some((schema) => someSchema(schema, isExtended))
  return {
    requireStructural: isNeeded || wasStructural,
    requirePrunedDefaults: !before.some(hasUnprunedDefaults),
    requireValidTypes: !had(hasInvalidType),
    requireAtomicSets: !had((schema) => setItemComplaint(schema) !== undefined),
    requireMapKeys: !had(hasBrokenKeys),
    unchanged: now.filter((schema) => before.some((other) => jsonEqual(other, schema))),
    known: expressionsOf(before),
  }
}

const atRoot: readonly string[] = [
  'description',
  'type',
  'format',
  'title',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'required',
  'items',
  'properties',
  'externalDocs',
  'example',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]

const goNames =
  '[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]'

/** What Go's type has before the type: only the first that may not be there is named. */
const beforeType = ['id', '$schema', '$ref'] as const

/** Writes of the status validate its schema alone, so nothing may stand above it. */
function checkRoot(schema: JsonSchema, path: FieldPath, errors: FieldError[]): void {
  const { type = '' } = schema
  const isOddBefore = beforeType.some((key) => schema[key] !== undefined)
  if (type !== '' && type !== 'object' && !isOddBefore) {
    const detail =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
    errors.push(invalidValue(path.child('openAPIV3Schema.type'), type, detail))
    return
  }
  const odd = Object.entries(schema).some(
    ([key, value]) => value !== undefined && value !== false && !atRoot.includes(key),
  )
  if (!odd) return
  const detail = `only ${goNames} fields are allowed at the root of the schema if the status subresource is enabled`
  errors.push(invalidValue(path.child('openAPIV3Schema'), schema, detail))
}

const conformMetadata = metadataConformer(new Conformer(builtInSchemas), builtInSchemas)

/** One schema; `path` is that of `schema` or `validation`. */
export function validateSchema(
  schema: JsonSchema,
  path: FieldPath,
  hasStatus: boolean,
  rules: SchemaRules,
  errors: FieldError[],
): void {
  if (hasStatus) checkRoot(schema, path, errors)
  if (schema.nullable === true)
    errors.push(fieldForbidden(path.child('openAPIV3Schema.nullable'), 'nullable cannot be true at the root'))
  const where = path.child('openAPIV3Schema')
  const before = errors.length
  const unsupported = rules.requireStructural ? unsupportedWord(schema) : undefined
  let isSound = false
  if (rules.requireStructural && unsupported === undefined) {
    const structural = checkStructural(schema, where)
    const wrong =
      structural.length > 0
        ? structural
        : checkDefaults(schema, where, {
            conformMetadata,
            requirePruned: rules.requirePrunedDefaults,
            validateRules: validateDefaultByRules,
          })
    errors.push(...wrong)
    isSound = wrong.length === 0
  }
  const found = checkSchema(schema, where, rules)
  errors.push(...found)
  if (unsupported !== undefined && errors.length === before) errors.push(invalidValue(where, '', unsupported))
  if (!isSound || found.length > 0 || !hasRules(schema)) return
  const compiler: RuleCompiler = {
    environments,
    ageOf: (expression, kind) => (rules.known[kind].has(expression) ? 'stored' : 'new'),
  }
  const ignoreRuleCost = rules.unchanged.some((other) => other === schema)
  errors.push(...checkRules(schema, where, { compiler, ignoreRuleCost }))
}

/** A default has to be right when it is set anew and when it is set again. */
function validateDefaultByRules(
  { json }: StructuralSchema,
  value: unknown,
  path: string,
): readonly FieldError[] {
  const tree = ruleTree(json, false, { environments, ageOf: () => 'stored' })
  if (tree === undefined) return []
  const again = runRules(tree, value, value, undefined, path)
  return again.length > 0 ? again : runRules(tree, value, undefined, undefined, path)
}
