import { goQuote } from '../../../apimachinery/go-text.ts'
import { isRecord } from '../../../base/is-record.ts'
import { messageOf } from '../../../base/message-of.ts'
import { checksum } from '../../state/checksum.ts'
import { type CpuSet, cpuSetText, noCpus, parseCpuSet } from './cpu-set.ts'

/** By pod and container. */
export type CpuAssignments = ReadonlyMap<string, ReadonlyMap<string, CpuSet>>

export interface CpuState {
  /** What containers have that have none for themselves. */
  readonly shared: CpuSet
  readonly assigned: CpuAssignments
}

export const emptyCpuState: CpuState = { shared: noCpus, assigned: new Map() }

type Texts = Readonly<Record<string, Readonly<Record<string, string>>>>

const inOrder = <T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))

/** Over the state as Go prints it: upstream's kubelets read this file, and this one theirs. */
function checksumOf(policyName: string, shared: string, entries: Texts): number {
  const pods = inOrder(entries).map(
    ([pod, containers]) =>
      `${pod}:map[${inOrder(containers)
        .map((pair) => pair.join(':'))
        .join(' ')}]`,
  )
  return checksum(
    `(*state.CPUManagerCheckpoint){PolicyName:(string)${policyName} DefaultCPUSet:(string)${shared} ` +
      `Entries:(map[string]map[string]string)map[${pods.join(' ')}] Checksum:(checksum.Checksum)0}`,
  )
}

/** The text of upstream's `cpu_manager_state`. */
export function cpuCheckpoint(policyName: string, { shared, assigned }: CpuState): string {
  const entries = Object.fromEntries(
    [...assigned].map(([pod, containers]) => [
      pod,
      Object.fromEntries([...containers].map(([name, cpus]) => [name, cpuSetText(cpus)])),
    ]),
  )
  const defaultCpuSet = cpuSetText(shared)
  return JSON.stringify({
    ...{ policyName, defaultCpuSet },
    ...(assigned.size === 0 ? {} : { entries }),
    checksum: checksumOf(policyName, defaultCpuSet, entries),
  })
}

function textsOf(value: unknown): Texts {
  const corrupted = (): Error => new Error('checkpoint is corrupted')
  if (value !== undefined && !isRecord(value)) throw corrupted()
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([pod, containers]) => {
      if (!isRecord(containers)) throw corrupted()
      const texts = Object.entries(containers).map(([name, cpus]) => {
        if (typeof cpus !== 'string') throw corrupted()
        return [name, cpus] as const
      })
      return [pod, Object.fromEntries(texts)]
    }),
  )
}

function parsed(text: string, what: string): CpuSet {
  try {
    return parseCpuSet(text)
  } catch (error) {
    throw new Error(`could not parse ${what}: ${messageOf(error)}`)
  }
}

/** Throws an Error in upstream's words for what is no state, is not whole, or is another policy's. */
export function parseCpuCheckpoint(text: string, policy: string): CpuState {
  const value: unknown = JSON.parse(text)
  const { policyName, defaultCpuSet, entries, checksum: sum } = isRecord(value) ? value : {}
  if (typeof policyName !== 'string' || typeof defaultCpuSet !== 'string')
    throw new Error('checkpoint is corrupted')
  const texts = textsOf(entries)
  // Nought is of files from before there were checksums.
  if (sum !== 0 && sum !== checksumOf(policyName, defaultCpuSet, texts))
    throw new Error('checkpoint is corrupted')
  if (policyName !== policy)
    throw new Error(
      `configured policy ${goQuote(policy)} differs from state checkpoint policy ${goQuote(policyName)}`,
    )
  const shared = parsed(defaultCpuSet, `default cpu set ${goQuote(defaultCpuSet)}`)
  const assigned = Object.entries(texts).map(([pod, containers]) => {
    const sets = Object.entries(containers).map(([name, cpus]) => {
      const what = `cpuset ${goQuote(cpus)} for container ${goQuote(name)} in pod ${goQuote(pod)}`
      return [name, parsed(cpus, what)] as const
    })
    return [pod, new Map(sets)] as const
  })
  return { shared, assigned: new Map(assigned) }
}
