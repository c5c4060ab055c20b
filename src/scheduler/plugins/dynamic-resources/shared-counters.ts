import type { resource } from '../../../api/generated/types/index.ts'
import { amountOf } from '../../../apimachinery/quantity.ts'
import type { DevicePool, OfferedDevice } from './device-pools.ts'

type Device = resource.v1.Device

const nano = (text: string): bigint => amountOf(text)?.nano ?? 0n
const keyOf = (counterSet: string, name: string): string => `${counterSet}/${name}`

/** What is left of the counters that a pool's devices share (partitionable devices, KEP-4815). */
export class SharedCounters {
  /** By pool; worked out when the first of its devices with counters is looked at. */
  readonly #left = new Map<DevicePool, Map<string, bigint>>()
  readonly #isTaken: (id: string) => boolean

  constructor(isTaken: (id: string) => boolean) {
    this.#isTaken = isTaken
  }

  /** False: there is not enough of some counter; nothing is taken then. */
  take({ device, pool }: OfferedDevice): boolean {
    const left = this.#of(pool)
    for (const { counterSet, counters } of device.consumesCounters ?? [])
      for (const [name, { value }] of Object.entries(counters))
        if ((left.get(keyOf(counterSet, name)) ?? 0n) < nano(value)) return false
    change(left, device, -1n)
    return true
  }

  giveBack({ device, pool }: OfferedDevice): void {
    change(this.#of(pool), device, 1n)
  }

  #of(pool: DevicePool): Map<string, bigint> {
    const known = this.#left.get(pool)
    if (known !== undefined) return known
    const left = new Map<string, bigint>()
    for (const { name: set, counters } of pool.counterSets.values())
      for (const [name, { value }] of Object.entries(counters)) left.set(keyOf(set, name), nano(value))
    for (const { id, device } of [...pool.devices, ...pool.elsewhere])
      if (this.#isTaken(id)) change(left, device, -1n)
    this.#left.set(pool, left)
    return left
  }
}

function change(left: Map<string, bigint>, { consumesCounters = [] }: Device, by: bigint): void {
  for (const { counterSet, counters } of consumesCounters)
    for (const [name, { value }] of Object.entries(counters)) {
      const key = keyOf(counterSet, name)
      left.set(key, (left.get(key) ?? 0n) + by * nano(value))
    }
}
