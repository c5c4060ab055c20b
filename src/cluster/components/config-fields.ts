import { nonZero } from '../../base/non-zero.ts'
import { duration } from './flags/flag-types.ts'
import { FlagError } from './flags/parse-flags.ts'

/** An object of a component's configuration file. */
export type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const wrong = (name: string, type: string): FlagError => new FlagError(`${name} must be a ${type}`)

/** The fields of `value` that are named; throws FlagError for others, so that nothing is passed over in silence. */
export function only(value: unknown, where: string, names: readonly string[]): Fields {
  if (value === undefined || value === null) return {}
  if (!isFields(value)) throw new FlagError(`${where} must be an object`)
  const other = Object.keys(value).find((name) => !names.includes(name))
  const place = where === '' ? '' : `${where}.`
  if (other !== undefined) throw new FlagError(`strict decoding error: unknown field "${place}${other}"`)
  return value
}

export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && typeof value !== 'string') throw wrong(name, 'string')
  return value
}

export function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && typeof value !== 'number') throw wrong(name, 'number')
  return value
}

export function booleanOf(fields: Fields, name: string): boolean | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && typeof value !== 'boolean') throw wrong(name, 'boolean')
  return value
}

/** Milliseconds. */
export function durationOf(fields: Fields, name: string): number | undefined {
  const text = textOf(fields, name)
  return text === undefined ? undefined : duration('', 0).parse(text, undefined)
}

/** The empty text, or nought, says nothing. */
export const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)
export const nonNull = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : nonZero(value)

export function listOf(fields: Fields, name: string): readonly unknown[] | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && !Array.isArray(value)) throw wrong(name, 'list')
  return value
}

export function textsOf(fields: Fields, name: string): readonly string[] | undefined {
  return listOf(fields, name)?.map((item) => {
    if (typeof item !== 'string') throw wrong(name, 'list of strings')
    return item
  })
}

export function booleanMapOf(fields: Fields, name: string): ReadonlyMap<string, boolean> | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined) return undefined
  if (!isFields(value)) throw wrong(name, 'map of booleans')
  return new Map(
    Object.entries(value).map(([key, item]) => {
      if (typeof item !== 'boolean') throw wrong(name, 'map of booleans')
      return [key, item]
    }),
  )
}

export function textMapOf(fields: Fields, name: string): ReadonlyMap<string, string> | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined) return undefined
  if (!isFields(value)) throw wrong(name, 'map of strings')
  return new Map(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string') throw wrong(`${name}.${key}`, 'string')
      return [key, text]
    }),
  )
}

/** The file's object, when it is of the kind that is wanted; `names` are its fields, any where absent. Throws FlagError. */
export function configObject(
  value: unknown,
  file: string,
  [version, kind]: readonly [version: string, kind: string],
  names?: readonly string[],
): Fields {
  const { apiVersion, kind: given } = isFields(value) ? value : {}
  if (apiVersion !== version || given !== kind)
    throw new FlagError(`${file} is a ${String(apiVersion)} ${String(given)}, not a ${version} ${kind}`)
  if (names === undefined) return isFields(value) ? value : {}
  return only(value, '', ['apiVersion', 'kind', ...names])
}

/** One of some texts; the empty one says nothing. */
export function choiceOf<T extends string>(
  fields: Fields,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = textOf(fields, name) ?? ''
  const found = choices.find((choice) => choice === text)
  if (text !== '' && found === undefined)
    throw new Error(`${name}: ${text} is not there, only ${choices.join(', ')}`)
  return found
}
