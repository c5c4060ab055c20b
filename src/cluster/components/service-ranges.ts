import { isIPv4 } from 'node:net'
import { parseCidr } from '../../apimachinery/ip-address.ts'
import { FlagError } from './flags/parse-flags.ts'

const flag = '--service-cluster-ip-range'
const wrong = [
  'service-cluster-ip-range[0] is not a valid cidr',
  'service-cluster-ip-range[1] is not an ip net',
]

/**
 * The ranges of `--service-cluster-ip-range`, one or one of each family; the first is of the family of `advertised`,
 * under which the API server is reached. Throws FlagError in upstream's words.
 */
export function serviceRanges(text: string, advertised: string): readonly [string, ...string[]] {
  const [first = '', ...others] = text.split(',')
  const families = [first, ...others].map((cidr, index) => {
    const range = parseCidr(cidr)
    if (range === undefined)
      throw new FlagError(wrong[index] ?? `${flag} must not contain more than two entries`)
    return range.base.family
  })
  if (others.length > 1) throw new FlagError(`${flag} must not contain more than two entries`)
  if (families[0] === families[1])
    throw new FlagError(`${flag}[0] and ${flag}[1] must be of different IP family`)
  if ((families[0] === 4) !== isIPv4(advertised))
    throw new FlagError(
      `service IP family ${JSON.stringify(first)} must match public address family ${JSON.stringify(advertised)}`,
    )
  return [first, ...others]
}
