export type Kind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'typeParam'
  | 'uint'

/**
 * A type of CEL (https://github.com/google/cel-spec/blob/master/doc/langdef.md). Structs and opaque types are
 * told apart by name; what fields a struct has is its declaration's business.
 */
export interface CelType {
  readonly kind: Kind
  /** As `type()` prints it: `int`, `list`, `google.protobuf.Timestamp`, a struct's own name. */
  readonly name: string
  readonly parameters: readonly CelType[]
  /** Also takes null: the wrapper types of protobuf. */
  readonly nullable?: true
}

const simple = (kind: Kind, name: string = kind): CelType => ({ kind, name, parameters: [] })

export const anyType = simple('any', 'google.protobuf.Any')
export const boolType = simple('bool')
export const bytesType = simple('bytes')
export const doubleType = simple('double')
export const durationType = simple('duration', 'google.protobuf.Duration')
export const dynType = simple('dyn')
export const errorType = simple('error')
export const intType = simple('int')
export const nullType = simple('null', 'null_type')
export const stringType = simple('string')
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp')
export const typeType = simple('type')
export const uintType = simple('uint')

export const listOf = (element: CelType): CelType => ({ kind: 'list', name: 'list', parameters: [element] })
export const mapOf = (key: CelType, value: CelType): CelType => ({
  kind: 'map',
  name: 'map',
  parameters: [key, value],
})
export const optionalOf = (type: CelType): CelType => opaqueType('optional_type', type)
export const typeOfType = (type: CelType): CelType => ({ kind: 'type', name: 'type', parameters: [type] })
export const typeParam = (name: string): CelType => simple('typeParam', name)
export const structType = (name: string): CelType => simple('struct', name)
export const nullableOf = (type: CelType): CelType => ({ ...type, nullable: true })
export const opaqueType = (name: string, ...parameters: readonly CelType[]): CelType => ({
  kind: 'opaque',
  name,
  parameters,
})

export const listType = listOf(dynType)
export const mapType = mapOf(dynType, dynType)

/** The same type, by structure. */
export function isExactType(a: CelType, b: CelType): boolean {
  if (a === b) return true
  if (a.kind !== b.kind || a.name !== b.name || a.parameters.length !== b.parameters.length) return false
  return a.parameters.every((parameter, index) => isExactType(parameter, b.parameters[index] ?? errorType))
}

export const isDyn = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'any'
export const isOptional = (type: CelType): boolean => type.kind === 'opaque' && type.name === 'optional_type'

/** What an optional type holds; undefined if it is none. */
export const unwrapOptional = (type: CelType): CelType | undefined =>
  isOptional(type) ? type.parameters[0] : undefined

/** Whether a value of `from` may stand where `to` is wanted, without inference. */
export function isAssignableType(to: CelType, from: CelType): boolean {
  if (to.nullable === true && from.kind === 'null') return true
  if (to === from || to.kind === 'dyn' || to.kind === 'any' || to.kind === 'typeParam') return true
  if (to.kind !== from.kind || to.name !== from.name || to.parameters.length !== from.parameters.length) {
    return false
  }
  return to.parameters.every((parameter, index) =>
    isAssignableType(parameter, from.parameters[index] ?? errorType),
  )
}

const declaredName = (type: CelType): string =>
  type.nullable === true && type.kind !== 'null' ? `wrapper(${type.name})` : type.name

/** As messages about expressions show it: `list(string)`, `timestamp`, `wrapper(int)`. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'any':
    case 'duration':
    case 'timestamp':
    case 'null':
      return type.kind
    case 'error':
      return '!error!'
    case 'typeParam':
      return type.name
    default:
      if (type.parameters.length === 0) return declaredName(type)
      return `${type.name}(${type.parameters.map(formatType).join(', ')})`
  }
}

/** As messages of the API show an expression's result (`must evaluate to bool but got list(dyn)`). */
export function describeType(type: CelType): string {
  if (type.kind === 'typeParam') return `<${type.name}>`
  const name = declaredName(type)
  return type.parameters.length === 0 ? name : `${name}(${type.parameters.map(describeType).join(', ')})`
}

/** `a.(b, c)` for a method, `(a, b)` for a function: what a call was applied to. */
export function formatSignature(types: readonly CelType[], isMethod: boolean): string {
  const texts = types.map(formatType)
  return isMethod ? `${texts[0] ?? ''}.(${texts.slice(1).join(', ')})` : `(${texts.join(', ')})`
}
