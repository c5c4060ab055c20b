import { type Features, parseBoolean } from '../../../apimachinery/feature-gates.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import type { TopologyPolicy } from '../topology/merge-hints.ts'
import type { CpuTopology } from './cpu-topology.ts'

export const cpuPolicies = ['none', 'static'] as const
export type CpuPolicy = (typeof cpuPolicies)[number]

/** Options of the static policy, in upstream's stages (pkg/kubelet/cm/cpumanager/policy_options.go). */
const stages = {
  'full-pcpus-only': 'GA',
  'distribute-cpus-across-numa': 'Beta',
  'align-by-socket': 'Alpha',
  'distribute-cpus-across-cores': 'Alpha',
  'strict-cpu-reservation': 'GA',
  'prefer-align-cpus-by-uncorecache': 'GA',
} as const

export type CpuOption = keyof typeof stages
export type CpuOptions = ReadonlySet<CpuOption>

const excluded: readonly (readonly [CpuOption, CpuOption])[] = [
  ['full-pcpus-only', 'distribute-cpus-across-cores'],
  ['distribute-cpus-across-numa', 'distribute-cpus-across-cores'],
  ['prefer-align-cpus-by-uncorecache', 'distribute-cpus-across-cores'],
  ['prefer-align-cpus-by-uncorecache', 'distribute-cpus-across-numa'],
]

/** Whether options of a stage may be given. */
const isOpen = (stage: (typeof stages)[CpuOption], features: Features): boolean =>
  stage === 'GA' ||
  (stage === 'Beta'
    ? features.enabled('CPUManagerPolicyBetaOptions')
    : features.enabled('CPUManagerPolicyAlphaOptions'))

const isOption = (name: string): name is CpuOption => Object.hasOwn(stages, name)

/** Those that are on. Throws an Error in upstream's words for what is not there, or not together. */
export function cpuOptions(
  policy: CpuPolicy,
  given: ReadonlyMap<string, string>,
  features: Features,
): CpuOptions {
  if (policy === 'none' && given.size > 0) {
    const text = [...given].sort().map((pair) => pair.join(':'))
    throw new Error(`None policy: received unsupported options=map[${text.join(' ')}]`)
  }
  const options = new Set<CpuOption>()
  for (const [name, value] of given) {
    if (!isOption(name)) throw new Error(`unknown CPU Manager Policy option: ${goQuote(name)}`)
    const stage = stages[name]
    if (!isOpen(stage, features))
      throw new Error(
        `CPU Manager Policy ${stage}-level Options not enabled, but option ${goQuote(name)} provided`,
      )
    const on = parseBoolean(value)
    if (on === undefined)
      throw new Error(
        `bad value for option ${goQuote(name)}: strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`,
      )
    if (on) options.add(name)
  }
  for (const [one, other] of excluded)
    if (options.has(one) && options.has(other))
      throw new Error(`static policy options ${one} and ${other} can not be used at the same time`)
  return options
}

/** Throws an Error, upstream's, where the machine or the topology manager is not for them. */
export function checkMachine(options: CpuOptions, topology: CpuTopology, policy: TopologyPolicy): void {
  if (!options.has('align-by-socket')) return
  if (policy === 'single-numa-node')
    throw new Error(
      'Topolgy manager single-numa-node policy is incompatible with CPUManager align-by-socket policy option',
    )
  if (topology.socketCount > topology.nodes.length)
    throw new Error(
      'Align by socket is not compatible with hardware where number of sockets are more than number of NUMA',
    )
}
