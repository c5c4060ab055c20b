import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../api/generated/types/index.ts'
import { assert } from '../../base/assert.ts'
import type { Logger } from '../../base/logger.ts'
import type { Refusals } from '../cycle/refusals.ts'
import { maxNodeScore } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { ExtenderSettings } from './extender-settings.ts'

type Pod = core.v1.Pod

/** The way to an extender: posts JSON, and has the answer's. Throws when there is none in time. */
export type ExtenderCall = (
  url: string,
  body: string,
  settings: ExtenderSettings,
) => Promise<{ readonly status: number; readonly text: string }>

/** Who would have to go from a node. */
export interface Victims {
  readonly pods: readonly PodInfo[]
  readonly violations: number
}

/** As what refusals by extenders are known; no events are registered for it, so any may help. */
export const extenderName = 'Extender'

/** What an extender gives a node at most. */
const maxExtenderScore = 10

interface FilterAnswer {
  readonly Nodes?: core.v1.NodeList | null
  readonly NodeNames?: readonly string[] | null
  readonly FailedNodes?: Readonly<Record<string, string>> | null
  readonly FailedAndUnresolvableNodes?: Readonly<Record<string, string>> | null
  readonly Error?: string
}

interface PreemptionAnswer {
  readonly NodeNameToMetaVictims?: Readonly<Record<string, MetaVictims>> | null
}

interface MetaVictims {
  readonly Pods?: readonly { readonly UID: string }[] | null
  readonly NumPDBViolations?: number
}

/** An HTTP server that has a say in scheduling (https://github.com/kubernetes/design-proposals-archive, scheduler extender). */
export class Extender {
  readonly #settings: ExtenderSettings
  readonly #call: ExtenderCall
  readonly #logger: Logger

  constructor(settings: ExtenderSettings, call: ExtenderCall, logger: Logger) {
    this.#settings = settings
    this.#call = call
    this.#logger = logger
  }

  get binds(): boolean {
    return this.#settings.bindVerb !== ''
  }

  get preempts(): boolean {
    return this.#settings.preemptVerb !== ''
  }

  /** Whether the pod asks for anything that is the extender's. */
  isInterested({ spec }: Pod): boolean {
    const { managedResources } = this.#settings
    if (managedResources.length === 0) return true
    return initAndMainContainers(spec).some(({ resources }) =>
      managedResources.some(
        (name) => name in (resources?.requests ?? {}) || name in (resources?.limits ?? {}),
      ),
    )
  }

  /** Those of the nodes that it admits; why not the others is added to `refusals`. */
  async filter(pod: Pod, nodes: readonly NodeInfo[], refusals: Refusals): Promise<readonly NodeInfo[]> {
    const { filterVerb, urlPrefix } = this.#settings
    if (filterVerb === '') return nodes
    const answer = await this.#orIgnored(() => this.#send<FilterAnswer>(filterVerb, this.#args(pod, nodes)))
    if (answer === undefined) return nodes
    const byName = new Map(nodes.map((node) => [node.name, node]))
    const names = answer.NodeNames ?? answer.Nodes?.items.map(({ metadata }) => metadata?.name ?? '') ?? []
    const left = names.map((name) => {
      const node = byName.get(name)
      if (node === undefined) {
        const words = `claims a filtered node "${name}" which is not found in the input node list`
        throw new Error(`extender "${urlPrefix}" ${words}`)
      }
      return node
    })
    const refuse = (failed: FilterAnswer['FailedNodes'], resolvable: boolean): void => {
      for (const [name, reason] of Object.entries(failed ?? {})) {
        const node = byName.get(name)
        if (node !== undefined) refusals.set(node.index, extenderName, { resolvable, reasons: [reason] })
      }
    }
    refuse(answer.FailedNodes, true)
    refuse(answer.FailedAndUnresolvableNodes, false)
    return left
  }

  /** Points by the node's name, to be added to the plugins'. A failure gives none. */
  async prioritize(pod: Pod, nodes: readonly NodeInfo[]): Promise<ReadonlyMap<string, number>> {
    const { prioritizeVerb, weight, urlPrefix } = this.#settings
    if (prioritizeVerb === '') return new Map()
    try {
      const given = await this.#send<readonly { readonly Host: string; readonly Score: number }[]>(
        prioritizeVerb,
        this.#args(pod, nodes),
      )
      return new Map(
        given.map(({ Host, Score }) => [Host, Score * weight * (maxNodeScore / maxExtenderScore)]),
      )
    } catch (error) {
      this.#logger.debug('an extender gave no scores', { extender: urlPrefix, error })
      return new Map()
    }
  }

  /** Who would have to go, of those that are proposed, by the node's name. */
  async preempt(pod: Pod, victims: ReadonlyMap<NodeInfo, Victims>): Promise<ReadonlyMap<NodeInfo, Victims>> {
    const { nodeCacheCapable, preemptVerb, ignorable, urlPrefix } = this.#settings
    const byNode = <T>(each: (victims: Victims) => T): Readonly<Record<string, T>> =>
      Object.fromEntries([...victims].map(([{ name }, proposed]) => [name, each(proposed)]))
    const args = nodeCacheCapable
      ? {
          Pod: pod,
          NodeNameToMetaVictims: byNode(({ pods, violations }) => ({
            Pods: pods.map(({ uid }) => ({ UID: uid })),
            NumPDBViolations: violations,
          })),
        }
      : {
          Pod: pod,
          NodeNameToVictims: byNode(({ pods, violations }) => ({
            Pods: pods.map((info) => info.pod),
            NumPDBViolations: violations,
          })),
        }
    const answer = await this.#orIgnored(() => this.#send<PreemptionAnswer>(preemptVerb, args))
    if (answer === undefined) return victims
    const nodes = new Map([...victims.keys()].map((node) => [node.name, node]))
    const left = new Map<NodeInfo, Victims>()
    for (const [name, { Pods, NumPDBViolations = 0 }] of Object.entries(answer.NodeNameToMetaVictims ?? {})) {
      const node = nodes.get(name)
      if (node === undefined) continue
      const pods = (Pods ?? []).map(({ UID }) => {
        const info = node.pods.get(UID)
        if (info !== undefined) return info
        const words = `claims to preempt pod (UID: ${UID}) on node: ${name}, but the pod is not found on that node`
        throw new Error(`extender: ${urlPrefix} ${words}`)
      })
      if (pods.length > 0) left.set(node, { pods, violations: NumPDBViolations })
      else if (!ignorable) throw new Error(`expected at least one victim pod on node "${name}"`)
    }
    return left
  }

  /** False: it has failed, and may. */
  async bind({ metadata = {} }: Pod, node: string): Promise<boolean> {
    const { name, namespace, uid } = metadata
    const args = { PodName: name, PodNamespace: namespace, PodUID: uid, Node: node }
    const answer = await this.#orIgnored(() =>
      this.#send<{ readonly Error?: string }>(this.#settings.bindVerb, args),
    )
    return answer !== undefined
  }

  #args(pod: Pod, nodes: readonly NodeInfo[]): object {
    if (this.#settings.nodeCacheCapable) return { Pod: pod, NodeNames: nodes.map(({ name }) => name) }
    return { Pod: pod, Nodes: { metadata: {}, items: nodes.map(({ node }) => node) } }
  }

  async #orIgnored<T>(send: () => Promise<T>): Promise<T | undefined> {
    try {
      return await send()
    } catch (error) {
      const { ignorable, urlPrefix } = this.#settings
      if (!ignorable) throw error
      this.#logger.info('an extender that may fail has failed', { extender: urlPrefix, error })
      return undefined
    }
  }

  async #send<T>(verb: string, args: object): Promise<T> {
    const { urlPrefix } = this.#settings
    const url = `${urlPrefix.replace(/\/+$/, '')}/${verb}`
    const { status, text } = await this.#call(url, JSON.stringify(args), this.#settings)
    if (status !== 200) throw new Error(`failed ${verb} with extender at URL ${url}, code ${status}`)
    const answer: unknown = JSON.parse(text)
    if (
      typeof answer === 'object' &&
      answer !== null &&
      'Error' in answer &&
      typeof answer.Error === 'string'
    )
      if (answer.Error !== '') throw new Error(answer.Error)
    return answer as T
  }
}

/** Of a scheduler's settings. */
export function makeExtenders(options: {
  readonly extenders?: readonly ExtenderSettings[]
  readonly callExtender?: ExtenderCall
  readonly logger: Logger
}): readonly Extender[] {
  const { extenders = [], callExtender, logger } = options
  return extenders.map((settings) => {
    assert(callExtender !== undefined, 'a scheduler with extenders has a way to them')
    return new Extender(settings, callExtender, logger)
  })
}
