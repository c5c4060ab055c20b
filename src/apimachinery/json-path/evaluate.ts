import { JsonPathError, type Node, type Path, type Slice } from './nodes.ts'

type Values = readonly unknown[]

const isList = (value: unknown): value is Values => Array.isArray(value)
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !isList(value)

/** Maps in the order of their keys: Go's have none. */
const members = (value: unknown): Values => {
  if (isList(value)) return value
  return isObject(value) ? Object.keys(value).map((key) => value[key]) : []
}

function slice(value: unknown, { start: first, end, single, step = 1 }: Slice): Values {
  if (value === null) return []
  if (!isList(value)) throw new JsonPathError('a value is not array or slice')
  const { length } = value
  const start = (first ?? 0) < 0 ? (first ?? 0) + length : (first ?? 0)
  const given = end ?? length
  const stop = given < 0 || (given === 0 && single) ? given + length : given
  if (start === stop) return []
  const outside = (index: number): Error =>
    new JsonPathError(`array index out of bounds: index ${index}, length ${length}`)
  if (start >= length || start < 0) throw outside(start)
  if (stop > length || stop < 0) throw outside(stop - 1)
  if (start > stop) throw new JsonPathError(`starting index ${start} is greater than ending index ${stop}`)
  if (step <= 0) throw new JsonPathError('step must be > 0')
  return value.slice(start, stop).filter((_, index) => index % step === 0)
}

function descend(values: Values): Values {
  return values.flatMap((value) => {
    const inner = members(value)
    return inner.length === 0 ? [] : [value, ...descend(inner)]
  })
}

const comparable = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

function compare(left: unknown, right: unknown, operator: string): boolean {
  if (!comparable(left) || !comparable(right)) throw new JsonPathError('invalid type for comparison')
  if (typeof left !== typeof right) throw new JsonPathError('incompatible types for comparison')
  switch (operator) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '>':
      return left > right
    case '<=':
      return left <= right
    case '>=':
      return left >= right
    default:
      throw new JsonPathError(`unrecognized filter operator ${operator}`)
  }
}

function filter(value: unknown, { left, right, operator }: Extract<Node, { type: 'filter' }>): Values {
  if (!isList(value)) throw new JsonPathError('a value is not array or slice and cannot be filtered')
  return value.filter((item) => {
    if (operator === 'exists') return evaluate(left, [item]).length > 0
    const lefts = evaluate(left, [item])
    const rights = evaluate(right, [item])
    if (lefts.length > 1 || rights.length > 1)
      throw new JsonPathError('can only compare one element at a time')
    return lefts.length > 0 && rights.length > 0 && compare(lefts[0], rights[0], operator)
  })
}

function step(node: Node, values: Values): Values {
  switch (node.type) {
    case 'field':
      return values.flatMap((value) =>
        isObject(value) && Object.hasOwn(value, node.name) ? [value[node.name]] : [],
      )
    case 'wildcard':
      return values.flatMap(members)
    case 'recursive':
      return descend(values)
    case 'literal':
      return values.map(() => node.value)
    case 'slice':
      return values.flatMap((value) => slice(value, node.slice))
    case 'union':
      return node.paths.flatMap((path) => evaluate(path, values))
    case 'filter':
      return values.flatMap((value) => filter(value, node))
  }
}

/** All values at the path; fields that are missing give none. Throws JsonPathError. */
export function evaluate(path: Path, values: Values): Values {
  return path.reduce<Values>((found, node) => step(node, found), values)
}
