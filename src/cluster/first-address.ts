import { formatIp, parseCidr } from '../apimachinery/ip-address.ts'
import { assert } from '../base/assert.ts'

/** The first address after a network's own: `10.96.0.1` of `10.96.0.0/12`. */
export function firstAddress(cidr: string): string {
  const range = parseCidr(cidr)
  assert(range !== undefined, `${cidr} is no range of addresses`)
  const { family, value } = range.base
  return formatIp({ family, value: value + 1n })
}
