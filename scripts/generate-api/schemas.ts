import { enumOf } from './enums.ts'
import {
  banner,
  byPrefix,
  type FactMessage,
  type FactSchema,
  type Facts,
  parseTypeName,
  prefixOf,
  quote,
  refName,
} from './facts.ts'
import { fieldDefaults } from './field-defaults.ts'
import { goField } from './go-fields.ts'

/** One-letter codes of types; `apimachinery/schema-pack.ts` reads them. */
const scalars: Readonly<Record<string, string>> = {
  string: 's',
  'string/byte': 'y',
  'integer/int32': 'i',
  'integer/int64': 'l',
  'number/double': 'n',
  boolean: 'b',
  object: 'r',
}

const specialTypes: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'q',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 't',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'u',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'x',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'r',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'f',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': 'r',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'j',
}

const listTypes: Readonly<Record<string, string>> = { atomic: 'a', set: 's', map: 'm' }

function typeCode(schema: FactSchema, prefix: string): string {
  if (schema.$ref !== undefined) {
    const full = refName(schema.$ref)
    return specialTypes[full] ?? (prefixOf(full) === prefix ? `#${full.slice(prefix.length)}` : `#${full}`)
  }
  if (schema.type === 'array') return `[${typeCode(schema.items ?? {}, prefix)}`
  if (schema.additionalProperties !== undefined) return `{${typeCode(schema.additionalProperties, prefix)}`
  const code = scalars[schema.format === undefined ? `${schema.type}` : `${schema.type}/${schema.format}`]
  if (code === undefined) throw new Error(`no code for ${JSON.stringify(schema)}`)
  return code
}

/** JSON field → the structs that it is embedded through: protobuf keeps them as messages of their own. */
function embeddedFields(facts: Facts, message: FactMessage, path = ''): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const [name, [, type]] of Object.entries(message)) {
    if (type.startsWith('inline ')) {
      const full = type.slice('inline '.length)
      const inner = `${path === '' ? '' : `${path}.`}${parseTypeName(full).name}`
      for (const entry of embeddedFields(facts, facts.messages[full] ?? {}, inner)) fields.set(...entry)
    } else if (path !== '') fields.set(name, path)
  }
  return fields
}

interface Field {
  readonly name: string
  readonly owner: string
  readonly required: boolean
  readonly embeddedIn: string | undefined
}

function fieldCode(schema: FactSchema, field: Field, prefix: string): string {
  const attributes: string[] = []
  const { presence, goType } = goField(field.owner, field.name, schema, field.required)
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) attributes.push(`;${name}=${value}`)
  }
  add('lt', listTypes[schema['x-kubernetes-list-type'] ?? ''])
  add('lk', schema['x-kubernetes-list-map-keys']?.join(','))
  add('mt', schema['x-kubernetes-map-type']?.charAt(0))
  add('pk', schema['x-kubernetes-patch-merge-key'])
  add('ps', schema['x-kubernetes-patch-strategy'])
  add('de', fieldDefaults[field.owner]?.[field.name])
  add('gt', goType)
  add('in', field.embeddedIn)
  add('en', enumOf(field.owner, field.name)?.join(','))
  return `${field.required ? '!' : ''}${presence}${typeCode(schema, prefix)}${attributes.join('')}`
}

function packType(facts: Facts, full: string, prefix: string): Readonly<Record<string, unknown>> {
  const schema = facts.schemas[full] ?? {}
  const required = new Set(schema.required)
  const kinds = schema['x-kubernetes-group-version-kind']
  const embedded = embeddedFields(facts, facts.messages[full] ?? {})
  const fields = Object.entries(schema.properties ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, property]) => {
      const inTypeMeta = kinds !== undefined && (name === 'apiVersion' || name === 'kind')
      const embeddedIn = inTypeMeta ? 'TypeMeta' : embedded.get(name)
      const field = { name, owner: full, required: required.has(name), embeddedIn }
      return [name, fieldCode(property, field, prefix)]
    })
  return {
    ...(schema.type === undefined ? { a: 1 } : {}),
    ...(schema.properties === undefined ? {} : { f: Object.fromEntries(fields) }),
    ...(schema['x-kubernetes-map-type'] === undefined
      ? {}
      : { m: schema['x-kubernetes-map-type'].charAt(0) }),
    ...(kinds === undefined ? {} : { k: kinds.map((kind) => [kind.group, kind.version, kind.kind]) }),
    ...(schema['x-kubernetes-unions'] === undefined ? {} : { u: schema['x-kubernetes-unions'] }),
  }
}

/** The schemas as one JSON string for each group and version, so that the start parses none of them. */
export function generateSchemas(facts: Facts): Map<string, string> {
  const lines = [...byPrefix(Object.keys(facts.schemas))].map(([prefix, names]) => {
    const types = names.map((full) => [parseTypeName(full).name, packType(facts, full, prefix)])
    return `  ${quote(prefix)}:\n    ${quote(JSON.stringify(Object.fromEntries(types)))},\n`
  })
  const text = `${banner}
/** Prefix of the types' OpenAPI names → JSON of the types by their last name, in the codes of schema-pack.ts. */
export const schemaPacks: Readonly<Record<string, string>> = {
${lines.join('')}}
`
  return new Map([['schemas.ts', text]])
}
