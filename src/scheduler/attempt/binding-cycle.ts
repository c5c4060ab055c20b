import type { core } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import { inPlugin, PluginError } from '../cycle/plugin-error.ts'
import type { PreparedCycle } from '../cycle/prepared-cycle.ts'
import type { Extender } from '../extender/extender.ts'
import type { PermitWait, Plugin, Refusal, Rejection } from '../framework.ts'
import { type StatusLabel, statusOfRejection } from '../plugin-timing.ts'
import type { PodsOnTheirWay } from './waiting-pods.ts'

/** How far a pod has come on its way to a node. */
export type BindingResult =
  | { readonly type: 'bound' }
  /** A plugin's Permit has not let it. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'error'; readonly error: unknown }

export interface BindingCycleOptions {
  readonly host: Host
  readonly waiting: PodsOnTheirWay
  readonly extenders: readonly Extender[]
  readonly signal: AbortSignal
  /** The pod will be bound there after some time: others (autoscalers) shall know. */
  readonly onExpected: (pod: core.v1.Pod, node: string) => void
  /** What happens from now on cannot be helped by events. */
  readonly onPermitted: (uid: string) => void
}

/** Runs Reserve and Permit, which decide at once. Undefined: nothing speaks against it; `waits` may hold it yet. */
export function reserve(cycle: PreparedCycle, node: string, waits: Map<string, number>): Refusal | undefined {
  const { timer } = cycle
  return (
    timer.point('Reserve', () => runReserve(cycle, node), statusOfRefusal) ??
    timer.point(
      'Permit',
      () => runPermit(cycle, node, waits),
      (refusal) => (refusal === undefined && waits.size > 0 ? 'Wait' : statusOfRefusal(refusal)),
    )
  )
}

const statusOfRefusal = (refusal: Refusal | undefined): StatusLabel => statusOfRejection(refusal?.rejection)

function statusOfPermit(answer: Rejection | PermitWait | undefined): StatusLabel {
  return answer !== undefined && 'waitMs' in answer ? 'Wait' : statusOfRejection(answer)
}

function runReserve(cycle: PreparedCycle, node: string): Refusal | undefined {
  const { pod, profile, timer } = cycle
  for (const plugin of profile.at.reserve) {
    const step = cycle.step(plugin, 'reserve')
    if (step === undefined) continue
    const ask = timer.around(plugin.name, 'Reserve', () => step(pod, node), statusOfRejection)
    const rejection = inPlugin(`running Reserve plugin "${plugin.name}"`, ask)
    if (rejection !== undefined) return { plugin: plugin.name, rejection }
  }
  return undefined
}

function runPermit(cycle: PreparedCycle, node: string, waits: Map<string, number>): Refusal | undefined {
  const { pod, profile, timer } = cycle
  for (const plugin of profile.at.permit) {
    const step = cycle.step(plugin, 'permit')
    if (step === undefined) continue
    const ask = timer.around(plugin.name, 'Permit', () => step(pod, node), statusOfPermit)
    const answer = inPlugin(`running Permit plugin "${plugin.name}"`, ask)
    if (answer === undefined) continue
    if ('reasons' in answer) return { plugin: plugin.name, rejection: answer }
    waits.set(plugin.name, answer.waitMs)
  }
  return undefined
}

/** In the reverse order of Reserve. */
export function unreserve(cycle: PreparedCycle, node: string): void {
  for (const plugin of cycle.profile.at.reserve.toReversed())
    cycle.step(plugin, 'unreserve')?.(cycle.pod, node)
}

/** Brings pods that are assumed on a node there: permits that wait, PreBind, Bind, PostBind. */
export class BindingCycle {
  readonly #options: BindingCycleOptions

  constructor(options: BindingCycleOptions) {
    this.#options = options
  }

  async run(cycle: PreparedCycle, node: string, waits: ReadonlyMap<string, number>): Promise<BindingResult> {
    const { host, waiting, extenders, onExpected, onPermitted } = this.#options
    const { pod } = cycle
    try {
      const preBinds = preBindsOf(cycle, node)
      if (preBinds.length > 0 || waits.size > 0) onExpected(pod.pod, node)
      if (waits.size > 0) {
        const permission = await waiting.hold(pod, node, waits)
        if (permission.type === 'preempted')
          throw new PluginError(`waiting on permit for pod: ${permission.message}`)
        if (permission.type === 'rejected') {
          const rejection = { resolvable: true, reasons: [permission.message] }
          return { type: 'refused', refusal: { plugin: permission.plugin, rejection } }
        }
      }
      onPermitted(pod.uid)
      if (preBinds.length > 0)
        await cycle.timer.pointAsync('PreBind', () => this.#preBind(cycle, node, preBinds))
      // Not the whole way: permits and PreBind may wait for time to pass.
      await host.track(cycle.timer.pointAsync('Bind', () => bind(cycle, node, extenders)))
    } catch (error) {
      return { type: 'error', error }
    }
    for (const plugin of cycle.profile.at.postBind) cycle.step(plugin, 'postBind')?.(pod, node)
    return { type: 'bound' }
  }

  async #preBind(cycle: PreparedCycle, node: string, plugins: readonly Plugin[]): Promise<void> {
    const { waiting, signal } = this.#options
    await waiting.preBind(cycle.pod.uid, signal, async (stop) => {
      for (const group of sideBySide(plugins)) {
        const failed = new AbortController()
        const either = group.length === 1 ? stop : AbortSignal.any([stop, failed.signal])
        const run = (plugin: Plugin): Promise<void> =>
          runPreBind(cycle, node, plugin, either).catch((error: unknown) => {
            // The first to fail ends the others, whose errors say no more than that.
            if (!failed.signal.aborted) failed.abort(error)
          })
        await Promise.all(group.map(run))
        failed.signal.throwIfAborted()
      }
    })
  }
}

/** Neighbours that may run at the same time; each of the others alone. */
function sideBySide(plugins: readonly Plugin[]): readonly (readonly Plugin[])[] {
  const groups: Plugin[][] = []
  for (const [place, plugin] of plugins.entries()) {
    const joins = plugin.preBindsBeside && plugins[place - 1]?.preBindsBeside
    if (joins) groups.at(-1)?.push(plugin)
    else groups.push([plugin])
  }
  return groups
}

async function runPreBind(
  cycle: PreparedCycle,
  node: string,
  plugin: Plugin,
  stop: AbortSignal,
): Promise<void> {
  try {
    const step = cycle.step(plugin, 'preBind')
    if (step === undefined) return
    await cycle.timer.aroundAsync(plugin.name, 'PreBind', () => step(cycle.pod, node, stop))()
  } catch (error) {
    const words = messageOf(stop.aborted ? stop.reason : error)
    throw new PluginError(`running PreBind plugin "${plugin.name}": ${words}`, { cause: error })
  }
}

/** Plugins whose PreBind has something to do for the pod. */
function preBindsOf(cycle: PreparedCycle, node: string): readonly Plugin[] {
  return cycle.profile.at.preBind.filter((plugin) => {
    if (cycle.step(plugin, 'preBind') === undefined) return false
    const needs = cycle.step(plugin, 'needsPreBind')
    return inPlugin(`running PreBindPreFlight "${plugin.name}"`, () => needs?.(cycle.pod, node) ?? true)
  })
}

/** An extender that binds goes before the plugins. */
async function bind(
  { profile, pod, timer }: PreparedCycle,
  node: string,
  extenders: readonly Extender[],
): Promise<void> {
  for (const extender of extenders)
    if (extender.binds && extender.isInterested(pod.pod) && (await extender.bind(pod.pod, node))) return
  for (const plugin of profile.at.bind) {
    try {
      const binds = timer.aroundAsync(plugin.name, 'Bind', async () => plugin.bind?.(pod, node))
      if (await binds()) return
    } catch (error) {
      throw new PluginError(`running Bind plugin "${plugin.name}": ${messageOf(error)}`, { cause: error })
    }
  }
}
