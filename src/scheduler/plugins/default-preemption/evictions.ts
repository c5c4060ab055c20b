import { LruMap } from '../../../base/lru-map.ts'
import type { Histogram } from '../../../base/metrics.ts'
import { disruptPod } from '../../../reconcile/disrupt-pod.ts'
import type { PluginContext } from '../../framework.ts'
import type { PodInfo } from '../../pod-info.ts'
import type { Candidate } from './victims.ts'

/** Evictions at a time for one pod. */
const parallel = 16

/** Pods whose last victim is known. */
const rememberedPods = 1_000

export interface EvictionMetrics {
  readonly seconds: Histogram
  count(result: 'success' | 'error'): void
}

const isStaying = (info: PodInfo | undefined): boolean =>
  info !== undefined && info.pod.metadata?.deletionTimestamp === undefined

interface Eviction {
  readonly victim: PodInfo
  readonly node: string
}

/** Makes room for pods: deletes their victims, in the background. */
export class Evictions {
  readonly #context: PluginContext
  readonly #metrics: EvictionMetrics
  /** Pods for which it is under way, by uid; the victim that is left to the end, once all others are gone. */
  readonly #under = new Map<string, Eviction | undefined>()
  /** Pods that were held back while it was under way. */
  readonly #held = new Set<string>()
  /** The last victim of each pod, by uids. */
  readonly #last = new LruMap<string, string>(rememberedPods)

  constructor(context: PluginContext, metrics: EvictionMetrics) {
    this.#context = context
    this.#metrics = metrics
  }

  /** Whether victims of this pod are still to be deleted; a last one that is being deleted holds it up no more. */
  isUnderWay(uid: string): boolean {
    if (!this.#under.has(uid)) return false
    const last = this.#under.get(uid)
    const holds = last === undefined || isStaying(this.#there(last))
    if (holds) this.#held.add(uid)
    return holds
  }

  /** Whether it was the pod's last victim: with it there is as much room as there will be. */
  isLastVictim(uid: string, victim: string | undefined): boolean {
    return victim !== undefined && this.#last.get(uid) === victim
  }

  /** Never rejects; the pod is tried again at once when something has failed. */
  async run(preemptor: PodInfo, { node, victims }: Candidate): Promise<void> {
    const { host, activate, logger } = this.#context
    this.#denominate(preemptor, node.name)
    const alive = victims.filter(({ pod }) => pod.metadata?.deletionTimestamp === undefined)
    const last = alive.pop()
    if (last === undefined) return
    this.#under.set(preemptor.uid, undefined)
    this.#last.set(preemptor.uid, last.uid)
    const startMs = host.monotonicMs()
    let result: 'success' | 'error' = 'success'
    try {
      for (let from = 0; from < alive.length; from += parallel) {
        const batch = alive.slice(from, from + parallel)
        await Promise.all(batch.map((victim) => this.#evict(preemptor, victim, node.name)))
      }
      this.#under.set(preemptor.uid, { victim: last, node: node.name })
      await this.#evict(preemptor, last, node.name)
    } catch (error) {
      result = 'error'
      logger.warn('room could not be made for a pod', { pod: preemptor.key, node: node.name, error })
    }
    this.#under.delete(preemptor.uid)
    const wasHeld = this.#held.delete(preemptor.uid)
    this.#metrics.seconds.observe((host.monotonicMs() - startMs) / 1_000, [result])
    this.#metrics.count(result)
    // No event is to come for a last victim that is gone already.
    if (result === 'error' || (wasHeld && this.#there({ victim: last, node: node.name }) === undefined))
      activate([preemptor.uid])
  }

  /** The victim as the table of nodes has it; undefined: it holds nothing any more. */
  #there({ victim, node }: Eviction): PodInfo | undefined {
    return this.#context.nodes.get(node)?.pods.get(victim.uid)
  }

  /** Pods of lower priority that wait for the same node look for another. */
  #denominate({ priority }: PodInfo, node: string): void {
    const { nominated, denominate } = this.#context
    for (const other of nominated.on(node)) if (other.priority < priority) denominate(other)
  }

  async #evict(preemptor: PodInfo, victim: PodInfo, node: string): Promise<void> {
    const { client, host, waiting, schedulerName, report } = this.#context
    const inMemory = waiting.preempt(victim.uid, 'DefaultPreemption')
    if (!inMemory) {
      const message = `${schedulerName}: preempting to accommodate a higher priority pod`
      const why = { reason: 'PreemptionByScheduler', message }
      if (!(await disruptPod(victim.pod, why, { api: client, host }))) return
    }
    report({
      regarding: victim.pod,
      related: preemptor.pod,
      type: 'Normal',
      reason: 'Preempted',
      action: 'Preempting',
      note: `Preempted by pod ${preemptor.uid} on node ${node}${inMemory ? ' (in kube-scheduler memory).' : ''}`,
    })
  }
}
