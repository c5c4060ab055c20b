import type { StringMap } from '../../../../apimachinery/meta.ts'
import { amountOf, formatQuantity } from '../../../../apimachinery/quantity.ts'
import type { core } from '../../../generated/types/index.ts'

const nanoPerMilli = 1_000_000n
/** Canonical texts of less than a thousandth end in one of these. */
const belowMilli = /(?:[nu]|e-\d+|\.\d*)$/

function roundUp(quantity: string): string {
  if (!belowMilli.test(quantity)) return quantity
  const amount = amountOf(quantity)
  if (amount === undefined || amount.nano % nanoPerMilli === 0n) return quantity
  const up =
    amount.nano > 0n
      ? nanoPerMilli - (amount.nano % nanoPerMilli)
      : -(amount.nano % nanoPerMilli) - nanoPerMilli
  return formatQuantity({ ...amount, nano: amount.nano + up })
}

/** Upstream rounds every amount of a resource list up to thousandths. */
export function roundedList(list: StringMap): StringMap {
  let rounded: Record<string, string> | undefined
  for (const name in list) {
    const quantity = list[name] ?? ''
    const next = roundUp(quantity)
    if (next === quantity) continue
    rounded ??= { ...list }
    rounded[name] = next
  }
  return rounded ?? list
}

export function roundedResources(resources: core.v1.ResourceRequirements): core.v1.ResourceRequirements {
  let next = resources
  for (const name of ['limits', 'requests'] as const) {
    const list = resources[name]
    if (list === undefined) continue
    const rounded = roundedList(list)
    if (rounded !== list) next = { ...next, [name]: rounded }
  }
  return next
}

/** In a pod (not in a template) what has a limit and no request requests its limit. */
export function requestsFromLimits(resources: core.v1.ResourceRequirements): core.v1.ResourceRequirements {
  const { limits, requests } = resources
  if (limits === undefined) return resources
  let added: Record<string, string> | undefined
  for (const name in limits) {
    if (requests !== undefined && name in requests) continue
    added ??= {}
    added[name] = limits[name] ?? ''
  }
  return added === undefined ? resources : { ...resources, requests: { ...requests, ...added } }
}
