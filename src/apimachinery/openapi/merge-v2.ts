import { jsonEqual } from '../json-equal.ts'
import type { JsonValue } from '../meta.ts'
import type { OpenApiV2 } from './openapi-v2.ts'
import type { JsonMembers } from './schema-object.ts'

/** What another document adds. */
export interface OpenApiV2Part {
  readonly paths: Readonly<Record<string, JsonMembers>>
  readonly definitions: Readonly<Record<string, JsonMembers>>
  readonly parameters: Readonly<Record<string, JsonMembers>>
}

/** The value with its references renamed; `names` by old name (`#/definitions/a`). */
function renamed(value: JsonValue, names: ReadonlyMap<string, string>): JsonValue {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key === '$ref' && typeof member === 'string') return [key, names.get(member) ?? member]
      return [key, renamed(member, names)]
    }),
  )
}

type Named = Readonly<Record<string, JsonMembers>>

/** A name that neither has yet: `io.k8s…ObjectMeta_v2`. */
function freeName(name: string, taken: Named): string {
  let number = 2
  while (taken[`${name}_v${number}`] !== undefined) number++
  return `${name}_v${number}`
}

function newNames(kind: 'definitions' | 'parameters', own: Named, added: Named): Map<string, string> {
  const names = new Map<string, string>()
  for (const [name, value] of Object.entries(added)) {
    if (own[name] === undefined || jsonEqual(own[name], value)) continue
    names.set(`#/${kind}/${name}`, `#/${kind}/${freeName(name, own)}`)
  }
  return names
}

/** Both documents in one: paths of the first win, names of the second's definitions that mean something else are changed. */
export function mergeOpenApiV2(document: OpenApiV2, part: OpenApiV2Part): OpenApiV2 {
  const names = new Map([
    ...newNames('definitions', document.definitions, part.definitions),
    ...newNames('parameters', document.parameters, part.parameters),
  ])
  const place = (kind: 'definitions' | 'parameters', named: Named): Record<string, JsonMembers> =>
    Object.fromEntries(
      Object.entries(named).map(([name, value]) => {
        const moved = names.get(`#/${kind}/${name}`)?.slice(kind.length + 3) ?? name
        return [moved, renamed(value, names) as JsonMembers]
      }),
    )
  const paths = Object.entries({ ...(renamed(part.paths, names) as Named), ...document.paths })
  return {
    ...document,
    paths: Object.fromEntries(paths.sort(([a], [b]) => (a < b ? -1 : 1))),
    definitions: { ...place('definitions', part.definitions), ...document.definitions },
    parameters: { ...place('parameters', part.parameters), ...document.parameters },
  }
}
