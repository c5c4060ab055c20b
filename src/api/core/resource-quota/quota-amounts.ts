import type { StringMap } from '../../../apimachinery/meta.ts'
import { type Amount, amountOf, formatQuantity } from '../../../apimachinery/quantity.ts'

/** How much of what: by the names that quotas limit. */
export type QuotaAmounts = ReadonlyMap<string, Amount>

export const nothing: QuotaAmounts = new Map()

const zero: Amount = { nano: 0n, format: 'DecimalSI' }

export const countOf = (count: number): Amount => ({
  nano: BigInt(count) * 1_000_000_000n,
  format: 'DecimalSI',
})

/** What a ResourceList says; what is malformed counts as 0. */
export const amountsIn = (list: StringMap | undefined): QuotaAmounts =>
  new Map(Object.entries(list ?? {}).map(([name, text]) => [name, amountOf(text) ?? zero]))

/** A ResourceList in canonical texts. */
export const listOf = (amounts: QuotaAmounts): StringMap =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]))

/** `cpu=500m,pods=1`, as upstream's messages show amounts. */
export const showAmounts = (amounts: QuotaAmounts): string =>
  [...amounts]
    .map(([name, amount]) => `${name}=${formatQuantity(amount)}`)
    .sort()
    .join(',')

const sum = (a: Amount, b: Amount): Amount => ({
  nano: a.nano + b.nano,
  format: a.nano === 0n ? b.format : a.format,
})

export function plus(a: QuotaAmounts, b: QuotaAmounts): QuotaAmounts {
  const result = new Map(a)
  for (const [name, amount] of b) result.set(name, sum(result.get(name) ?? zero, amount))
  return result
}

/** a − b; what would be less than nothing is nothing. */
export function minus(a: QuotaAmounts, b: QuotaAmounts): QuotaAmounts {
  const result = new Map<string, Amount>()
  for (const [name, { nano, format }] of a) {
    const rest = nano - (b.get(name)?.nano ?? 0n)
    result.set(name, rest > 0n ? { nano: rest, format } : zero)
  }
  for (const name of b.keys()) if (!result.has(name)) result.set(name, zero)
  return result
}

export const only = (amounts: QuotaAmounts, keeps: (name: string, amount: Amount) => boolean): QuotaAmounts =>
  new Map([...amounts].filter(([name, amount]) => keeps(name, amount)))

export const withoutZeros = (amounts: QuotaAmounts): QuotaAmounts =>
  only(amounts, (_name, { nano }) => nano !== 0n)

export const sameAmounts = (a: QuotaAmounts, b: QuotaAmounts): boolean =>
  a.size === b.size && [...a].every(([name, { nano }]) => b.get(name)?.nano === nano)
