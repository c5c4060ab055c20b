import {
  banner,
  byPrefix,
  type FactSchema,
  type Facts,
  parseTypeName,
  prefixOf,
  quote,
  refName,
} from './facts.ts'
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

function fieldCode(
  schema: FactSchema,
  name: string,
  owner: string,
  required: boolean,
  prefix: string,
): string {
  const attributes: string[] = []
  const { presence, goType } = goField(owner, name, schema, required)
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) attributes.push(`;${name}=${value}`)
  }
  add('lt', listTypes[schema['x-kubernetes-list-type'] ?? ''])
  add('lk', schema['x-kubernetes-list-map-keys']?.join(','))
  add('mt', schema['x-kubernetes-map-type']?.charAt(0))
  add('pk', schema['x-kubernetes-patch-merge-key'])
  add('ps', schema['x-kubernetes-patch-strategy'])
  add('gt', goType)
  return `${required ? '!' : ''}${presence}${typeCode(schema, prefix)}${attributes.join('')}`
}

function packType(full: string, schema: FactSchema, prefix: string): Readonly<Record<string, unknown>> {
  const required = new Set(schema.required)
  const fields = Object.entries(schema.properties ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, fieldCode(field, name, full, required.has(name), prefix)])
  const kinds = schema['x-kubernetes-group-version-kind']
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
    const types = names.map((full) => [
      parseTypeName(full).name,
      packType(full, facts.schemas[full] ?? {}, prefix),
    ])
    return `  ${quote(prefix)}:\n    ${quote(JSON.stringify(Object.fromEntries(types)))},\n`
  })
  const text = `${banner}
/** Prefix of the types' OpenAPI names → JSON of the types by their last name, in the codes of schema-pack.ts. */
export const schemaPacks: Readonly<Record<string, string>> = {
${lines.join('')}}
`
  return new Map([['schemas.ts', text]])
}
