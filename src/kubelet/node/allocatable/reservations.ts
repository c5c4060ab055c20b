import { goQuote } from '../../../apimachinery/go-text.ts'
import { parseQuantity } from '../../../apimachinery/quantity.ts'

export type ResourceList = Readonly<Record<string, string>>

const enforcements: readonly string[] = [
  'pods',
  'system-reserved',
  'system-reserved-compressible',
  'kube-reserved',
  'kube-reserved-compressible',
  'none',
]

/** What of a machine is not for pods. */
export interface NodeReservations {
  /** For the operating system, and for Kubernetes' own agents: `cpu`, `memory`, `ephemeral-storage`, `pid`. */
  readonly system: ResourceList
  readonly kube: ResourceList
  /** What is held to its part. */
  readonly enforced: readonly string[]
  /** The groups of the two; '' where there are none. */
  readonly systemGroup: string
  readonly kubeGroup: string
}

export const noReservations: NodeReservations = {
  ...{ system: {}, kube: {}, enforced: ['pods'], systemGroup: '', kubeGroup: '' },
}

const reservable = ['cpu', 'memory', 'ephemeral-storage', 'pid']

/** Amounts that may be reserved. Throws an Error in upstream's words. */
export function parseReserved(given: ReadonlyMap<string, string>): ResourceList {
  for (const [name, text] of given) {
    if (!reservable.includes(name)) throw new Error(`cannot reserve ${goQuote(name)} resource`)
    const amount = parseQuantity(text)
    if ('error' in amount)
      throw new Error(
        `failed to parse quantity ${goQuote(text)} for ${goQuote(name)} resource: ${amount.error}`,
      )
    if (amount.nano < 0n)
      throw new Error(`resource quantity for ${goQuote(name)} cannot be negative: ${text}`)
  }
  return Object.fromEntries(given)
}

const setting = 'enforceNodeAllocatable (--enforce-node-allocatable)'

/** Throws an Error for what upstream refuses (pkg/kubelet/apis/config/validation). */
export function checkReservations({ enforced, systemGroup, kubeGroup }: NodeReservations): void {
  const fail = (text: string): never => {
    throw new Error(`invalid configuration: ${text}`)
  }
  const quoted = enforcements.map(goQuote)
  for (const part of ['system', 'kube'] as const) {
    const [whole, compressible] = [`${part}-reserved`, `${part}-reserved-compressible`]
    if (enforced.includes(whole) && enforced.includes(compressible))
      fail(`both ${goQuote(compressible)} and ${goQuote(whole)} cannot be specified together in ${setting}`)
    const group = part === 'system' ? systemGroup : kubeGroup
    if (group === '' && (enforced.includes(whole) || enforced.includes(compressible)))
      fail(
        `${part}ReservedCgroup (--${part}-reserved-cgroup) must be specified when ${goQuote(whole)} or ${goQuote(compressible)} included in ${setting}`,
      )
  }
  for (const [index, value] of enforced.entries()) {
    if (enforced.indexOf(value) < index) fail(`duplicated enforcements ${goQuote(value)} in ${setting}`)
    if (value === 'none' && enforced.length > 1)
      fail(`${setting} may not contain additional enforcements when "none" is specified`)
    if (!enforcements.some((each) => each === value))
      fail(
        `option ${goQuote(value)} specified for ${setting}. Valid options are ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`,
      )
  }
}
