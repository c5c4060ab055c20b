import type { JsonValue } from '../../apimachinery/meta.ts'
import type { OpenApiV2Part } from '../../apimachinery/openapi/merge-v2.ts'
import type { JsonMembers } from '../../apimachinery/openapi/schema-object.ts'
import type { RemoteClient } from './remote-client.ts'
import type { RemoteService } from './remote-services.ts'

/** What another server says of its types. */
export interface RemoteOpenApi {
  /** By document (`apis/metrics.k8s.io/v1beta1`), where clients find it: with the server's hash. */
  readonly v3: ReadonlyMap<string, string>
  /** Its part of `/openapi/v2`. */
  readonly v2: OpenApiV2Part
}

const noPart: OpenApiV2Part = { paths: {}, definitions: {}, parameters: {} }

const isMembers = (value: JsonValue | undefined): value is JsonMembers =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function membersOf(value: JsonValue | undefined, key: string): Record<string, JsonMembers> {
  const found = isMembers(value) ? value[key] : undefined
  if (!isMembers(found)) return {}
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, each]) => (isMembers(each) ? [[name, each]] : [])),
  )
}

/** What a value refers to, directly: `#/definitions/a`. */
function* references(value: JsonValue): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* references(item)
  else if (isMembers(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key === '$ref' && typeof member === 'string') yield member
      else yield* references(member)
    }
  }
}

/** The paths of one group and version, with the definitions and parameters that they lead to. */
export function partOfV2(document: JsonValue, { group, version }: RemoteService): OpenApiV2Part {
  const own = `/apis/${group}/${version}`
  const paths = Object.fromEntries(
    Object.entries(membersOf(document, 'paths')).filter(
      ([path]) => path === own || path.startsWith(`${own}/`),
    ),
  )
  const all = {
    definitions: membersOf(document, 'definitions'),
    parameters: membersOf(document, 'parameters'),
  }
  const found: Record<keyof typeof all, Record<string, JsonMembers>> = { definitions: {}, parameters: {} }
  const waiting = [...references(paths)]
  for (let reference = waiting.pop(); reference !== undefined; reference = waiting.pop()) {
    const kind = reference.startsWith('#/parameters/') ? 'parameters' : 'definitions'
    const name = reference.slice(kind.length + 3)
    const value = all[kind][name]
    if (value === undefined || found[kind][name] !== undefined) continue
    found[kind][name] = value
    waiting.push(...references(value))
  }
  return { paths, ...found }
}

/** Asks a server for its documents; one that has none of a kind is left out of that kind. */
export async function fetchOpenApi(client: RemoteClient, service: RemoteService): Promise<RemoteOpenApi> {
  const [index, old] = await Promise.all([
    client.get(service, '/openapi/v3', 'application/json'),
    client.get(service, '/openapi/v2', 'application/json'),
  ])
  const name = `apis/${service.group}/${service.version}`
  const entry = index.status === 200 ? membersOf(JSON.parse(index.text), 'paths')[name] : undefined
  const url = entry?.serverRelativeURL
  return {
    v3: new Map(typeof url === 'string' ? [[name, url]] : []),
    v2: old.status === 200 ? partOfV2(JSON.parse(old.text), service) : noPart,
  }
}
