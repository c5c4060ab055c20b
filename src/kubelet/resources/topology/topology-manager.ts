import { initAndMainContainers } from '../../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { Rejection } from '../../admission/admit-pod.ts'
import { AdmissionError, type HintProvider, type TopologyHint } from './hint.ts'
import { mergeHints, type NumaInfo, type TopologyPolicy } from './merge-hints.ts'
import { type TopologyOptions, topologyOptions } from './policy-options.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

export const topologyScopes = ['container', 'pod'] as const
export type TopologyScope = (typeof topologyScopes)[number]

export interface TopologySettings {
  readonly policy: TopologyPolicy
  readonly scope: TopologyScope
  readonly options: TopologyOptions
}

/** Upstream's defaults: nothing is kept near together. */
export const usualTopology: TopologySettings = {
  ...{ policy: 'none', scope: 'container', options: topologyOptions(new Map()) },
}

export interface TopologyManagerOptions extends TopologySettings {
  /** NUMA nodes of the machine with the distances of each to all of them. */
  readonly nodes: ReadonlyMap<number, readonly number[]>
}

const affinityError: Rejection = {
  reason: 'TopologyAffinityError',
  message: 'Resources cannot be allocated with Topology locality',
}
const noPreference: TopologyHint = { preferred: false }

/** Why a pod is not taken after an error of a provider. */
const rejectionOf = (error: unknown): Rejection =>
  error instanceof AdmissionError
    ? { reason: error.reason, message: error.message }
    : {
        reason: 'UnexpectedAdmissionError',
        message: `Allocate failed due to ${messageOf(error)}, which is unexpected`,
      }

/** Gives the containers of new pods what providers have for them, near together as the policy says. */
export class TopologyManager {
  readonly #options: TopologyManagerOptions
  readonly #info: NumaInfo
  readonly #hints = new Map<string, Map<string, TopologyHint>>()
  #providers: readonly HintProvider[] = []

  /** Throws an Error where the machine is not for the policy. */
  constructor(options: TopologyManagerOptions) {
    const { policy, nodes } = options
    const { maxNumaNodes, prefersClosest } = options.options
    if (policy !== 'none' && nodes.size > maxNumaNodes)
      throw new Error(`unsupported on machines with more than ${maxNumaNodes} NUMA Nodes`)
    this.#options = options
    this.#info = { nodes: [...nodes.keys()], distances: nodes, prefersClosest }
  }

  get policy(): TopologyPolicy {
    return this.#options.policy
  }

  /** In the order that they allocate in. They ask for what was decided (`affinity`), so they come after. */
  use(providers: readonly HintProvider[]): void {
    this.#providers = providers
  }

  /** Where a container's resources are to come from. */
  readonly affinity = (podUid: string, containerName: string): TopologyHint =>
    this.#hints.get(podUid)?.get(containerName) ?? noPreference

  async admit(pod: Pod): Promise<Rejection | undefined> {
    const { policy, scope } = this.#options
    const uid = pod.metadata?.uid ?? ''
    const containers = initAndMainContainers(pod.spec)
    try {
      if (policy !== 'none' && scope === 'pod') {
        const providers = this.#providers.map((provider) => provider.podHints(pod))
        const { hint, admit } = mergeHints(policy, providers, this.#info)
        if (!admit) return affinityError
        for (const { name } of containers) this.#keep(uid, name, hint)
      }
      for (const container of containers) {
        if (policy !== 'none' && scope === 'container') {
          const providers = this.#providers.map((provider) => provider.hints(pod, container))
          const { hint, admit } = mergeHints(policy, providers, this.#info)
          if (!admit) return affinityError
          this.#keep(uid, container.name, hint)
        }
        await this.#allocate(pod, container)
      }
      return undefined
    } catch (error) {
      return rejectionOf(error)
    }
  }

  release(podUid: string): void {
    this.#hints.delete(podUid)
  }

  async #allocate(pod: Pod, container: Container): Promise<void> {
    for (const provider of this.#providers) await provider.allocate(pod, container)
  }

  #keep(podUid: string, name: string, hint: TopologyHint): void {
    const hints = this.#hints.get(podUid) ?? new Map<string, TopologyHint>()
    this.#hints.set(podUid, hints.set(name, hint))
  }
}
