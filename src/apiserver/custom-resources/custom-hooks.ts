import type {
  Definition,
  DefinitionVersion,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration, WriteContext } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { JsonPath, JsonPathError } from '../../apimachinery/json-path/json-path.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { applyDefaults } from '../../apimachinery/structural/apply-defaults.ts'
import { Correlation } from '../../apimachinery/structural/correlation.ts'
import { type ConformMetadata, validateEmbedded } from '../../apimachinery/structural/embedded-objects.ts'
import { isObject, type JsonObject } from '../../apimachinery/structural/json-schema.ts'
import { validateListTypes } from '../../apimachinery/structural/list-types.ts'
import type { RuleTree } from '../../apimachinery/structural/rules/rule-tree.ts'
import { runRules } from '../../apimachinery/structural/rules/run-rules.ts'
import type { StructuralSchema } from '../../apimachinery/structural/structural-schema.ts'
import { validateChangedValue, validateValue } from '../../apimachinery/structural/validate-value.ts'
import { deprecationOf } from './deprecation.ts'
import { finalizerWarnings } from './finalizer-warnings.ts'
import { printerColumns } from './printer-columns.ts'
import type { RuleMetrics } from './rule-metrics.ts'
import { validateScale } from './scale-checks.ts'

export interface HookInput {
  readonly definition: Definition
  readonly version: DefinitionVersion
  readonly schema: StructuralSchema
  readonly conformMetadata: ConformMetadata
  /** Compiled when first asked for; undefined: there are none. */
  readonly rules: () => RuleTree | undefined
  readonly metrics: RuleMetrics
}

type Fields = KubernetesObject & { readonly status?: unknown }

const withoutMetadata = (object: KubernetesObject): JsonObject => {
  const { metadata: _metadata, ...rest } = object
  return rest
}

function prepareForCreate(hasStatus: boolean) {
  return (object: KubernetesObject): KubernetesObject => {
    if (!hasStatus) return object
    const { status: _status, ...rest } = object as Fields
    return rest
  }
}

/** Everything of the old object but its status and who manages what. */
function prepareStatus(object: Fields, old: Fields): KubernetesObject {
  const { status: _old, ...rest } = old
  const { managedFields: _managed, ...metadata } = old.metadata ?? {}
  const managedFields = object.metadata?.managedFields
  return {
    ...rest,
    metadata: managedFields === undefined ? metadata : { ...metadata, managedFields },
    ...(object.status === undefined ? {} : { status: object.status }),
  } as KubernetesObject
}

/** Changes of anything but metadata count as a new generation, the status included where it is no subresource. */
function prepareMain(object: Fields, old: Fields, hasStatus: boolean): KubernetesObject {
  const { status: _status, ...rest } = object
  const kept = old.status === undefined ? rest : { ...rest, status: old.status }
  const prepared: KubernetesObject = hasStatus ? (kept as KubernetesObject) : object
  if (semanticallyEqual(withoutMetadata(prepared), withoutMetadata(old))) return prepared
  const generation = (old.metadata?.generation ?? 0) + 1
  return { ...prepared, metadata: { ...prepared.metadata, generation } }
}

const blocking: readonly FieldError['reason'][] = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]

/** Rules are not run over objects that are wrong in ways which they may rely on not to be. */
export function blockedRules(errors: readonly FieldError[]): FieldError | undefined {
  if (!errors.some(({ reason }) => blocking.includes(reason))) return undefined
  const detail =
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
  return invalidValue('<nil>', null, detail)
}

function validateStatus(
  { schema, version }: HookInput,
  object: Fields,
  old: Fields | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const status = schema.properties.get('status')
  if (object.status !== undefined && status !== undefined)
    errors.push(...validateChangedValue(object.status, old?.status, status, 'status'))
  const { scale } = version.subresources ?? {}
  if (scale !== undefined) errors.push(...validateScale(object, scale, true))
  return errors
}

function validateMain(input: HookInput, object: Fields, old: Fields | undefined): readonly FieldError[] {
  const { schema, version, conformMetadata } = input
  const errors: FieldError[] =
    old === undefined ? [...validateValue(object, schema)] : [...validateChangedValue(object, old, schema)]
  const { scale } = version.subresources ?? {}
  if (scale !== undefined) errors.push(...validateScale(object, scale, false))
  for (const key of Object.keys(object)) {
    const value: unknown = Reflect.get(object, key)
    validateEmbedded(value, schema.field(key), conformMetadata, errors, key)
  }
  return errors
}

function validateLists(
  schema: StructuralSchema,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): readonly FieldError[] {
  const errors = validateListTypes(object, schema)
  if (errors.length === 0 || old === undefined) return errors
  return validateListTypes(old, schema).length === 0 ? errors : []
}

function validate(
  input: HookInput,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  { subresource }: WriteContext,
): readonly FieldError[] {
  const own = subresource === 'status' ? validateStatus(input, object, old) : validateMain(input, object, old)
  const errors = [...own, ...validateLists(input.schema, object, old)]
  const rules = input.rules()
  if (rules === undefined) return errors
  const blocked = blockedRules(errors)
  if (blocked !== undefined) return [...errors, blocked]
  const correlation = old === undefined ? undefined : new Correlation(object, old, input.schema)
  return [...errors, ...input.metrics.evaluate(() => runRules(rules, object, old, correlation))]
}

/** Fields that selectors may name, as every version of the definition declares them. */
export function selectableFields(definition: Definition): KindDeclaration['selectableFields'] {
  const paths = definition.spec.versions.flatMap(({ selectableFields: fields = [] }) =>
    fields.map(({ jsonPath }) => jsonPath),
  )
  return Object.fromEntries(
    [...new Set(paths)].map((path) => {
      const compiled = new JsonPath(path)
      return [path.replace(/^\./, ''), (object: KubernetesObject) => selectedValue(compiled, object)]
    }),
  )
}

function selectedValue(path: JsonPath, object: KubernetesObject): string {
  try {
    const [value] = path.find(object)
    return value === undefined || value === null || isObject(value) ? '' : String(value)
  } catch (error) {
    if (error instanceof JsonPathError) return ''
    throw error
  }
}

/** What generic REST asks of a kind, answered from a version of a definition. */
export function customHooks(input: HookInput): Partial<KindDeclaration> {
  const { definition, version, schema } = input
  const hasStatus = version.subresources?.status !== undefined
  const deprecation = deprecationOf(definition, version)
  return {
    // What fits the schema has been seen to by the decoder; defaults come after it.
    defaults: (object) => applyDefaults(object, schema) as KubernetesObject,
    prepareForCreate: prepareForCreate(hasStatus),
    prepareForUpdate: (object, old, { subresource }) =>
      subresource === 'status' ? prepareStatus(object, old) : prepareMain(object, old, hasStatus),
    validate: (object, old, context) => validate(input, object, old, context),
    warnings: finalizerWarnings,
    columns: printerColumns(version),
    ...(deprecation === undefined ? {} : { deprecation }),
  }
}
