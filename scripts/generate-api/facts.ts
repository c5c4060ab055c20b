import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A schema as the facts write it: OpenAPI v2 with Kubernetes' extensions. */
export interface FactSchema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, FactSchema>>
  readonly required?: readonly string[]
  readonly items?: FactSchema
  readonly additionalProperties?: FactSchema
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-group-version-kind'?: readonly FactKind[]
  readonly 'x-kubernetes-unions'?: readonly unknown[]
}

export interface FactKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface FactResource extends FactKind {
  readonly resource: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly subresources: Readonly<
    Record<string, { readonly kind: string; readonly verbs: readonly string[] }>
  >
}

/** field → [protobuf number, type]. */
export type FactMessage = Readonly<Record<string, readonly [number, string]>>

export interface Facts {
  readonly folder: string
  readonly schemas: Readonly<Record<string, FactSchema>>
  readonly messages: Readonly<Record<string, FactMessage>>
  readonly resources: readonly FactResource[]
}

/** Reads the folder of API facts. */
export function readFacts(folder: string): Facts {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  return {
    folder,
    schemas: read('api-schema.json'),
    messages: read('api-protobuf.json'),
    resources: read('api-resources.json'),
  }
}

const prefixes: readonly (readonly [string, (rest: readonly string[]) => readonly [string, string]])[] = [
  ['io.k8s.api.', ([group = '', version = '']) => [group, version]],
  ['io.k8s.apiextensions-apiserver.pkg.apis.', ([group = '', version = '']) => [group, version]],
  ['io.k8s.kube-aggregator.pkg.apis.', ([group = '', version = '']) => [group, version]],
  ['io.k8s.apimachinery.pkg.apis.', ([group = '', version = '']) => [group, version]],
  ['io.k8s.apimachinery.pkg.', () => ['meta', 'v1']],
]

export interface TypeName {
  /** The group's short name: `apps`, `rbac`, `meta`. */
  readonly group: string
  readonly version: string
  readonly name: string
}

/** Takes an OpenAPI name apart: `io.k8s.api.apps.v1.Deployment`. */
export function parseTypeName(full: string): TypeName {
  const name = full.slice(full.lastIndexOf('.') + 1)
  for (const [prefix, parse] of prefixes) {
    if (!full.startsWith(prefix)) continue
    const [group, version] = parse(full.slice(prefix.length).split('.'))
    return { group, version, name }
  }
  throw new Error(`type ${full} belongs to no known API`)
}

/** The name a `$ref` points to. */
export const refName = (ref: string): string => ref.slice('#/definitions/'.length)

/** Names of types by `<group>-<version>`, everything sorted. */
export function byGroupVersion(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const full of names.toSorted()) {
    const { group, version } = parseTypeName(full)
    const key = `${group}-${version}`
    groups.set(key, [...(groups.get(key) ?? []), full])
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A type's OpenAPI name up to and with its last dot. */
export const prefixOf = (full: string): string => full.slice(0, full.lastIndexOf('.') + 1)

/** Names of types by their prefix, everything sorted. */
export const byPrefix = (names: readonly string[]): ReadonlyMap<string, readonly string[]> =>
  Map.groupBy(names.toSorted(), prefixOf)

/** An identifier as it is, anything else quoted. */
export const propertyName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`)

/** A single-quoted literal. */
export const quote = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`

/** The first line of everything that the generator writes. */
export const banner = '// Written by scripts/generate-api.ts. Do not edit.\n'
