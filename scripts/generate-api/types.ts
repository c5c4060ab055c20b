import {
  banner,
  byGroupVersion,
  type FactSchema,
  type Facts,
  parseTypeName,
  propertyName,
  refName,
} from './facts.ts'
import { goField } from './go-fields.ts'

/** Types whose JSON is not what their OpenAPI schema says. */
const special: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'meta.Quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'meta.IntOrString',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'meta.JsonObject',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'meta.Time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'meta.MicroTime',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'meta.FieldsV1',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': 'meta.JsonObject',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'meta.JsonValue',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray':
    'JSONSchemaProps | readonly JSONSchemaProps[]',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool':
    'JSONSchemaProps | boolean',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray':
    'JSONSchemaProps | readonly string[]',
}

const camel = (key: string): string => key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** Writes one file of types; remembers which other files it needs. */
class TypeFile {
  readonly key: string
  readonly handWritten: ReadonlySet<string>
  readonly imports = new Set<string>()

  constructor(key: string, handWritten: ReadonlySet<string>) {
    this.key = key
    this.handWritten = handWritten
  }

  reference(full: string): string {
    const known = special[full]
    if (known !== undefined) {
      if (known.startsWith('meta.')) this.imports.add('meta')
      return known.includes('|') ? parseTypeName(full).name : known
    }
    const { group, version, name } = parseTypeName(full)
    if (group === 'meta' && this.handWritten.has(name)) {
      this.imports.add('meta')
      return `meta.${name}`
    }
    const key = `${group}-${version}`
    if (key === this.key) return name
    this.imports.add(key)
    return `${camel(key)}.${name}`
  }

  typeOf(schema: FactSchema): string {
    if (schema.$ref !== undefined) return this.reference(refName(schema.$ref))
    if (schema.type === 'array') return this.arrayOf(this.typeOf(schema.items ?? {}))
    if (schema.additionalProperties !== undefined) {
      return `{ readonly [key: string]: ${this.typeOf(schema.additionalProperties)} }`
    }
    if (schema.type === 'integer' || schema.type === 'number') return 'number'
    if (schema.type === 'string' || schema.type === 'boolean') return schema.type
    this.imports.add('meta')
    return schema.type === 'object' ? 'meta.JsonObject' : 'meta.JsonValue'
  }

  arrayOf(item: string): string {
    return item.includes('|') ? `readonly (${item})[]` : `readonly ${item}[]`
  }

  declaration(full: string, schema: FactSchema): string {
    const { name } = parseTypeName(full)
    const known = special[full]
    if (known !== undefined) return known.includes('|') ? `export type ${name} = ${known}\n` : ''
    if (schema.properties === undefined) return `export type ${name} = { readonly [key: string]: never }\n`
    const required = new Set(schema.required)
    const lines = Object.keys(schema.properties)
      .toSorted()
      .map((field) => {
        const property = schema.properties?.[field] ?? {}
        const { presence } = goField(full, field, property, required.has(field))
        const type = `${this.typeOf(property)}${presence === '~' ? ' | null' : ''}`
        return `  readonly ${propertyName(field)}${required.has(field) ? '' : '?'}: ${type}\n`
      })
    return `export interface ${name} {\n${lines.join('')}}\n`
  }

  importLines(): string {
    return [...this.imports]
      .toSorted()
      .map((key) =>
        key === 'meta'
          ? "import type * as meta from '../../../apimachinery/meta.ts'\n"
          : `import type * as ${camel(key)} from './${key}.ts'\n`,
      )
      .join('')
  }
}

function aggregators(keys: readonly string[]): Map<string, string> {
  const groups = new Map<string, string[]>()
  for (const key of keys) {
    const [group = '', version = ''] = key.split('-')
    groups.set(group, [...(groups.get(group) ?? []), version])
  }
  const files = new Map<string, string>()
  const index = [...groups.keys()].map((group) => `export type * as ${group} from './${group}.ts'\n`)
  files.set('types/index.ts', banner + index.join(''))
  for (const [group, versions] of groups) {
    const lines = versions.map((version) => `export type * as ${version} from './${group}-${version}.ts'\n`)
    files.set(`types/${group}.ts`, banner + lines.join(''))
  }
  return files
}

/**
 * The TypeScript types: `types/<group>-<version>.ts`, `types/<group>.ts` with its versions, `types/index.ts`
 * with the groups. Types that `apimachinery/meta.ts` (its text is `metaSource`) has are taken from there.
 */
export function generateTypes(facts: Facts, metaSource: string): Map<string, string> {
  const handWritten = new Set(
    [...metaSource.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name = '']) => name),
  )
  const groups = byGroupVersion(Object.keys(facts.schemas))
  const files = aggregators([...groups.keys()])
  for (const [key, names] of groups) {
    const file = new TypeFile(key, handWritten)
    const isMeta = (full: string) => key === 'meta-v1' && handWritten.has(parseTypeName(full).name)
    const declarations = names
      .filter((full) => !isMeta(full))
      .map((full) => file.declaration(full, facts.schemas[full] ?? {}))
      .filter((text) => text !== '')
    const reexports = names.filter(isMeta).map((full) => `  ${parseTypeName(full).name},\n`)
    const reexport =
      reexports.length === 0
        ? ''
        : `export type {\n${reexports.join('')}} from '../../../apimachinery/meta.ts'\n`
    files.set(`types/${key}.ts`, [banner + file.importLines() + reexport, ...declarations].join('\n'))
  }
  return files
}
