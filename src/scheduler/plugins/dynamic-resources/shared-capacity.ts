import type { resource } from '../../../api/generated/types/index.ts'
import { amountOf, quantityOfUnits } from '../../../apimachinery/quantity.ts'

type Capacity = resource.v1.DeviceCapacity

const billion = 1_000_000_000n
const nano = (text: string): bigint => amountOf(text)?.nano ?? 0n
const whole = (text: string): bigint => (nano(text) + billion - 1n) / billion

/** What a request takes of one capacity: what it asks for, rounded up as the capacity's policy says. */
function consumedOf(asked: string | undefined, { value, requestPolicy }: Capacity): string {
  if (asked === undefined) return requestPolicy?.default ?? value
  const { validRange, validValues } = requestPolicy ?? {}
  if (validRange !== undefined) {
    if (nano(asked) < nano(validRange.min)) return validRange.min
    if (validRange.step === undefined) return asked
    const [least, step] = [whole(validRange.min), whole(validRange.step)]
    const steps = (whole(asked) - least + step - 1n) / step
    return quantityOfUnits(Number(least + steps * step), 'BinarySI')
  }
  return validValues?.find((one) => nano(asked) <= nano(one)) ?? asked
}

function isAllowed(consumed: string, { requestPolicy }: Capacity): boolean {
  const { validRange, validValues = [] } = requestPolicy ?? {}
  if (requestPolicy?.default !== undefined && consumed === requestPolicy.default) return true
  if (validRange !== undefined) {
    if (validRange.max !== undefined && nano(consumed) > nano(validRange.max)) return false
    return (
      validRange.step === undefined ||
      (whole(consumed) - whole(validRange.min)) % whole(validRange.step) === 0n
    )
  }
  return validValues.length === 0 || validValues.some((one) => nano(one) === nano(consumed))
}

/** Amounts by capacity, in billionths. */
export type ConsumedCapacity = ReadonlyMap<string, bigint>

/**
 * What a request would take of each of a device's capacities (KEP-5075); undefined: more than is left after what others
 * have taken, or what its policies do not allow.
 */
export function takeCapacity(
  device: resource.v1.Device,
  requests: Readonly<Record<string, string>> | undefined,
  taken: readonly (ConsumedCapacity | undefined)[],
): Readonly<Record<string, string>> | undefined {
  const capacities = device.capacity ?? {}
  for (const name in requests) if (capacities[name] === undefined) return undefined
  const consumed: Record<string, string> = {}
  for (const [name, capacity] of Object.entries(capacities)) {
    const amount = consumedOf(requests?.[name], capacity)
    if (!isAllowed(amount, capacity)) return undefined
    const sum = taken.reduce((all, one) => all + (one?.get(name) ?? 0n), nano(amount))
    if (sum > nano(capacity.value)) return undefined
    consumed[name] = amount
  }
  return consumed
}

export function addConsumed(
  into: Map<string, Map<string, bigint>>,
  device: string,
  consumed: Readonly<Record<string, string>>,
  by: 1n | -1n,
): void {
  const sums = into.get(device) ?? new Map<string, bigint>()
  for (const [name, amount] of Object.entries(consumed)) {
    const sum = (sums.get(name) ?? 0n) + by * nano(amount)
    if (sum === 0n) sums.delete(name)
    else sums.set(name, sum)
  }
  if (sums.size === 0) into.delete(device)
  else into.set(device, sums)
}
