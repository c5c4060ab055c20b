import { goQuote } from './go-text.ts'
import type { IntOrString } from './meta.ts'

const percentText = /^[+-]?\d+$/

/** The number before `%`; undefined for a number or any other text. */
export function percentOf(value: IntOrString): number | undefined {
  if (typeof value === 'number' || !value.endsWith('%')) return undefined
  const digits = value.slice(0, -1)
  return percentText.test(digits) ? Number(digits) : undefined
}

/** A number or a percentage of something; `error` is upstream's text. */
export type Scaled = { readonly value: number } | { readonly error: string }

/** `intstr.GetScaledValueFromIntOrPercent`. */
export function scaleIntOrPercent(value: IntOrString, total: number, roundUp: boolean): Scaled {
  if (typeof value === 'number') return { value }
  if (!value.endsWith('%')) {
    return { error: 'invalid value for IntOrString: invalid type: string is not a percentage' }
  }
  const percent = percentOf(value)
  if (percent === undefined) {
    const digits = goQuote(value.slice(0, -1))
    return {
      error: `invalid value for IntOrString: invalid value ${goQuote(value)}: strconv.Atoi: parsing ${digits}: invalid syntax`,
    }
  }
  const exact = (percent * total) / 100
  return { value: roundUp ? Math.ceil(exact) : Math.floor(exact) }
}

/** As `scaleIntOrPercent` for a value that has been validated; what is malformed counts as 0. */
export function scaledValue(value: IntOrString, total: number, roundUp: boolean): number {
  const scaled = scaleIntOrPercent(value, total, roundUp)
  return 'value' in scaled ? scaled.value : 0
}
