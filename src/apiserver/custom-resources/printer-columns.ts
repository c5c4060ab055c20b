import type { DefinitionVersion } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { ageColumn, nameColumn } from '../../api/columns.ts'
import type { apiextensions } from '../../api/generated/types/index.ts'
import type { Column } from '../../apimachinery/define-kind.ts'
import { JsonPath, JsonPathError, printed } from '../../apimachinery/json-path/json-path.ts'
import type { KubernetesObject, Time } from '../../apimachinery/meta.ts'
import { parseTime } from '../../apimachinery/time.ts'

type Declared = apiextensions.v1.CustomResourceColumnDefinition
type Cell = string | number | boolean | null

const ageAsDeclared: Declared = {
  name: ageColumn.name,
  type: 'date',
  description: ageColumn.description,
  jsonPath: '.metadata.creationTimestamp',
}

const types = ['string', 'integer', 'number', 'boolean', 'date'] as const

/** The first value at the path; undefined where there is none. */
function first(path: JsonPath | undefined, object: unknown): unknown {
  try {
    return path?.find(object)[0]
  } catch (error) {
    if (error instanceof JsonPathError) return undefined
    throw error
  }
}

function cell(type: (typeof types)[number], value: unknown): Cell {
  if (value === undefined) return null
  switch (type) {
    case 'string':
      return printed(value)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? '<invalid>' : null
  }
}

function readPath(text: string): JsonPath | undefined {
  try {
    return new JsonPath(text)
  } catch (error) {
    if (error instanceof JsonPathError) return undefined
    throw error
  }
}

function column(declared: Declared): Column<KubernetesObject> {
  const { name, format = '', description = '', priority = 0, jsonPath } = declared
  const type = types.find((candidate) => candidate === declared.type) ?? 'string'
  const path = readPath(jsonPath)
  const told =
    description === '' ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description
  const own = { name, type, format, description: told, priority }
  const value = (object: KubernetesObject): Cell => cell(type, first(path, object))
  if (type !== 'date') return { ...own, value }
  const since = (object: KubernetesObject): Time | undefined => {
    const time = first(path, object)
    return typeof time === 'string' && parseTime(time) !== undefined ? time : undefined
  }
  return { ...own, since, value }
}

/** The columns of `kubectl get`: the name, and what the version declares or the age. */
export function printerColumns({
  additionalPrinterColumns: declared = [],
}: DefinitionVersion): readonly Column<KubernetesObject>[] {
  return [nameColumn, ...(declared.length === 0 ? [ageAsDeclared] : declared).map(column)]
}
