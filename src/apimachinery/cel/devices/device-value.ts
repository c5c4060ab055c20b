import { parseQuantity } from '../../quantity.ts'
import { QuantityValue } from '../library/kubernetes/quantity.ts'
import { parseSemver } from '../library/kubernetes/semver.ts'
import { mapsEqual, ValueMap } from '../values/collections.ts'
import { CelError, type Equality, MapValue, type Value } from '../values/value.ts'

/** A device as a ResourceSlice has it; names without a domain are the driver's. */
export interface SelectableDevice {
  readonly driver: string
  readonly allowMultipleAllocations?: boolean | undefined
  readonly attributes?: Readonly<Record<string, DeviceAttributeValue>> | undefined
  readonly capacity?: Readonly<Record<string, { readonly value?: string | undefined }>> | undefined
}

export interface DeviceAttributeValue {
  readonly int?: number | undefined
  readonly bool?: boolean | undefined
  readonly string?: string | undefined
  readonly version?: string | undefined
}

const empty = new ValueMap(new Map())

/** Domains: one that is not there has no attributes, which is no error. */
class Domains extends MapValue {
  readonly #domains: MapValue

  constructor(domains: MapValue) {
    super()
    this.#domains = domains
  }

  get size(): number {
    return this.#domains.size
  }

  find(key: Value): Value {
    return this.#domains.find(key) ?? empty
  }

  override contains(key: Value): Equality {
    return this.#domains.contains(key)
  }

  keys(): Iterable<Value> {
    return this.#domains.keys()
  }

  equals(other: Value): Equality {
    return mapsEqual(this, other)
  }
}

function attributeValue(attribute: DeviceAttributeValue): Value {
  if (attribute.version !== undefined) return parseSemver(attribute.version)
  return attribute.int ?? attribute.bool ?? attribute.string ?? new CelError('unsupported attribute value')
}

function capacityValue({ value = '' }: { readonly value?: string | undefined }): Value {
  const parsed = parseQuantity(value)
  return 'error' in parsed ? new CelError(parsed.error) : new QuantityValue(parsed)
}

function byDomain<T>(
  named: Readonly<Record<string, T>> | undefined,
  driver: string,
  make: (part: T) => Value,
): Domains | CelError {
  const domains = new Map<string, [Value, Value][]>()
  for (const [name, part] of Object.entries(named ?? {})) {
    const value = make(part)
    if (value instanceof CelError) return new CelError(`attribute ${name}: ${value.message}`)
    const slash = name.indexOf('/')
    const domain = slash < 0 ? driver : name.slice(0, slash)
    const entries = domains.get(domain) ?? []
    entries.push([slash < 0 ? name : name.slice(slash + 1), value])
    domains.set(domain, entries)
  }
  const maps = [...domains].map(([domain, entries]): [Value, Value] => [domain, ValueMap.of(entries)])
  const all = ValueMap.of(maps)
  return all instanceof CelError ? all : new Domains(all)
}

/** What the variable `device` holds. */
export function deviceValue(device: SelectableDevice): Value {
  const attributes = byDomain(device.attributes, device.driver, attributeValue)
  const capacity = byDomain(device.capacity, device.driver, capacityValue)
  return ValueMap.of([
    ['driver', device.driver],
    ['allowMultipleAllocations', device.allowMultipleAllocations ?? false],
    ['attributes', attributes],
    ['capacity', capacity],
  ])
}
