import { parseBoolean } from '../../../apimachinery/feature-gates.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'

export interface TopologyOptions {
  readonly prefersClosest: boolean
  readonly maxNumaNodes: number
}

const defaultMaxNumaNodes = 8

/** Throws an Error in upstream's words (pkg/kubelet/cm/topologymanager/policy_options.go). */
export function topologyOptions(given: ReadonlyMap<string, string>): TopologyOptions {
  const options = { prefersClosest: false, maxNumaNodes: defaultMaxNumaNodes }
  for (const [name, value] of given) {
    if (name === 'prefer-closest-numa-nodes') {
      const parsed = parseBoolean(value)
      if (parsed === undefined)
        throw new Error(
          `bad value for option ${goQuote(name)}: strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`,
        )
      options.prefersClosest = parsed
    } else if (name === 'max-allowable-numa-nodes') {
      if (!/^[+-]?\d+$/.test(value))
        throw new Error(
          `unable to convert policy option to integer ${goQuote(name)}: strconv.Atoi: parsing ${goQuote(value)}: invalid syntax`,
        )
      options.maxNumaNodes = Number(value)
      if (options.maxNumaNodes < defaultMaxNumaNodes)
        throw new Error(
          `the minimum value of ${goQuote(name)} should not be less than ${defaultMaxNumaNodes}`,
        )
    } else throw new Error(`unknown Topology Manager Policy option: ${goQuote(name)}`)
  }
  return options
}
