import { goQuote } from '../../../apimachinery/go-text.ts'
import { type Amount, addQuantities, amountOf, formatQuantity } from '../../../apimachinery/quantity.ts'
import type { ResourceList } from './reservations.ts'

const none: Amount = { nano: 0n, format: 'DecimalSI' }

const amount = (list: ResourceList, name: string): Amount => amountOf(list[name] ?? '0') ?? none

const sumOf = (lists: readonly ResourceList[], name: string): bigint =>
  lists.reduce((sum, list) => sum + amount(list, name).nano, 0n)

/** What is left of each amount of capacity; never less than nothing. */
export function capacityLess(capacity: ResourceList, ...kept: readonly ResourceList[]): ResourceList {
  return Object.fromEntries(
    Object.entries(capacity).map(([name, text]) => {
      const nano = sumOf(kept, name)
      if (nano === 0n) return [name, text]
      const { nano: whole, format } = amount(capacity, name)
      return [name, formatQuantity({ nano: whole > nano ? whole - nano : 0n, format })]
    }),
  )
}

/** What is kept of each amount of capacity, by all that keep something; what nothing is kept of is absent. */
export const keptTogether = (capacity: ResourceList, ...kept: readonly ResourceList[]): ResourceList =>
  Object.fromEntries(
    Object.keys(capacity).flatMap((name) => {
      const total = kept.reduce((sum, list) => addQuantities(sum, list[name] ?? '0'), '0')
      return total === '0' ? [] : [[name, total]]
    }),
  )

/** Why so much cannot be kept, in upstream's words; undefined where it can. */
export function whyNotReserved(capacity: ResourceList, ...kept: readonly ResourceList[]): string | undefined {
  const complaints = Object.entries(capacity).flatMap(([name, text]) => {
    const nano = sumOf(kept, name)
    const { nano: whole, format } = amount(capacity, name)
    if (nano <= whole) return []
    const reserved = formatQuantity({ nano, format })
    return [
      `Resource ${goQuote(name)} has a reservation of ${reserved} but capacity of ${text}. Expected capacity >= reservation.`,
    ]
  })
  return complaints.length === 0
    ? undefined
    : `invalid Node Allocatable configuration. ${complaints.join(' ')}`
}
