import type { LabelSelector, StringMap } from '../../../apimachinery/meta.ts'
import { present } from '../../defaulting.ts'

/** Reads JSON that clients may have written as they liked: what has the wrong type is not there. */
export type Json = Readonly<Record<string, unknown>>

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function parseList(text: string): readonly Json[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter(isJson) : undefined
  } catch {
    return undefined
  }
}

export function objectAt(json: Json, key: string): Json | undefined {
  const value = json[key]
  return isJson(value) ? value : undefined
}

export function listAt(json: Json, key: string): readonly Json[] | undefined {
  const value = json[key]
  return Array.isArray(value) ? value.filter(isJson) : undefined
}

export function textAt(json: Json, key: string): string | undefined {
  const value = json[key]
  return typeof value === 'string' ? value : undefined
}

export function numberAt(json: Json, key: string): number | undefined {
  const value = json[key]
  return typeof value === 'number' ? value : undefined
}

/** Amounts may be bare numbers. */
export function quantityAt(json: Json, key: string): string | undefined {
  const value = json[key]
  return typeof value === 'number' ? String(value) : textAt(json, key)
}

function textsAt(json: Json, key: string): readonly string[] | undefined {
  const value = json[key]
  if (!Array.isArray(value)) return undefined
  return value.filter((item: unknown): item is string => typeof item === 'string')
}

function textMap(json: Json): StringMap {
  const entries = Object.entries(json).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key, value] as const] : [],
  )
  return Object.fromEntries(entries)
}

export function selectorAt(json: Json, key: string): LabelSelector | undefined {
  const selector = objectAt(json, key)
  if (selector === undefined) return undefined
  const labels = objectAt(selector, 'matchLabels')
  const matchExpressions = listAt(selector, 'matchExpressions')?.map((expression) => ({
    key: textAt(expression, 'key') ?? '',
    operator: textAt(expression, 'operator') ?? '',
    ...present({ values: textsAt(expression, 'values') }),
  }))
  return {
    ...present({ matchLabels: labels === undefined ? undefined : textMap(labels), matchExpressions }),
  }
}
