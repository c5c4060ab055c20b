import type { resource } from '../../../api/generated/types/index.ts'
import type { OfferedDevice } from './device-pools.ts'

type Attribute = resource.v1.DeviceAttribute

/** A constraint over the devices of one claim, as they are taken and given back. */
export interface Constraint {
  /** False: the device may not be taken beside those that are. `subRequest`: the chosen alternative of the request. */
  add(request: string, subRequest: string | undefined, device: OfferedDevice): boolean
  /** Takes back the newest `add`s, also those that the constraint does not concern. */
  remove(request: string, subRequest: string | undefined, device: OfferedDevice): void
}

/** By its full name; a name without a domain is of the driver's. */
function attributeOf({ device, slice }: OfferedDevice, name: string): Attribute | undefined {
  const exact = device.attributes?.[name]
  if (exact !== undefined) return exact
  const slash = name.indexOf('/')
  return name.slice(0, slash) === slice.spec.driver ? device.attributes?.[name.slice(slash + 1)] : undefined
}

/** Equal for attributes of the same type and value. */
const textOf = ({ string, int, bool, version }: Attribute): string =>
  JSON.stringify([string, int, bool, version].map((value) => value ?? null))

/** How many of the concerned devices have each value. */
class AttributeConstraint implements Constraint {
  readonly #requests: ReadonlySet<string>
  readonly #attribute: string
  readonly #allowsValue: (value: string, taken: ReadonlyMap<string, number>) => boolean
  readonly #taken = new Map<string, number>()

  constructor(
    requests: readonly string[],
    attribute: string,
    allowsValue: (value: string, taken: ReadonlyMap<string, number>) => boolean,
  ) {
    this.#requests = new Set(requests)
    this.#attribute = attribute
    this.#allowsValue = allowsValue
  }

  add(request: string, subRequest: string | undefined, device: OfferedDevice): boolean {
    if (!this.#concerns(request, subRequest)) return true
    const attribute = attributeOf(device, this.#attribute)
    if (attribute === undefined) return false
    const value = textOf(attribute)
    if (!this.#allowsValue(value, this.#taken)) return false
    this.#taken.set(value, (this.#taken.get(value) ?? 0) + 1)
    return true
  }

  remove(request: string, subRequest: string | undefined, device: OfferedDevice): void {
    const attribute = attributeOf(device, this.#attribute)
    if (!this.#concerns(request, subRequest) || attribute === undefined) return
    const value = textOf(attribute)
    const left = (this.#taken.get(value) ?? 0) - 1
    if (left > 0) this.#taken.set(value, left)
    else this.#taken.delete(value)
  }

  #concerns(request: string, subRequest: string | undefined): boolean {
    if (this.#requests.size === 0 || this.#requests.has(request)) return true
    return subRequest !== undefined && this.#requests.has(`${request}/${subRequest}`)
  }
}

/** All concerned devices have the same value, or each another one. */
export function makeConstraint({
  requests = [],
  matchAttribute,
  distinctAttribute,
}: resource.v1.DeviceConstraint): Constraint | undefined {
  if (matchAttribute !== undefined)
    return new AttributeConstraint(
      requests,
      matchAttribute,
      (value, taken) => taken.size === 0 || taken.has(value),
    )
  if (distinctAttribute !== undefined)
    return new AttributeConstraint(requests, distinctAttribute, (value, taken) => !taken.has(value))
  return undefined
}
