import { Node as nodeKind } from '../../api/core/node/kind.ts'
import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import { Pod as podKind } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Client } from '../../client/client.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import type { Informer, InformerFactory } from '../../client/informer.ts'
import type { Behaviour } from '../runtime/simulated/behaviour.ts'
import type { SimulatedCall } from '../runtime/simulated/simulated-options.ts'
import type { SimulatedUsage } from '../runtime/simulated/simulated-stats.ts'
import { applyToApi, type Changeable } from './apply-to-api.ts'
import { pickStage } from './pick-stage.ts'
import type { Simulation } from './read-simulation.ts'
import type { NodeEffect, PodEffect, Stage } from './stage.ts'
import { StagePlayer } from './stage-player.ts'

type Node = core.v1.Node
type Pod = core.v1.Pod

/** What stages do to a node. */
export interface StagedNode {
  readonly runtime: {
    endContainer(podUid: string, name: string, exitCode: number, reason?: string): void
    changeBehaviour(podUid: string, name: string, change: Partial<Behaviour>): void
    writeLine(podUid: string, name: string, line: string): void
    /** '': it is ready. */
    setReady(error: string): void
    fillMemory(bytes: number): void
    fillDisk(bytes: number): void
  }
  stop(): Promise<void>
  restart(): Promise<void>
}

export interface SimulationPlayerOptions {
  readonly simulation: Simulation
  readonly client: Client
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly node: (name: string) => StagedNode | undefined
}

/** Has the simulated nodes of one process, and their pods, behave as stages say. */
export class SimulationPlayer {
  readonly #options: SimulationPlayerOptions
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #calls: readonly Stage[]
  readonly #events: EventRecorder
  readonly #players: readonly { stop(): void }[]

  constructor(options: SimulationPlayerOptions) {
    const { simulation, client, informers, host, logger } = options
    this.#options = options
    this.#pods = informers.informer(podKind)
    this.#nodes = informers.informer(nodeKind)
    this.#calls = simulation.stages.filter(({ call }) => call !== undefined)
    this.#events = new EventRecorder({ client, host, logger, component: 'simulation' })
    const played = (kind: Stage['kind']): readonly Stage[] =>
      simulation.stages.filter((stage) => stage.kind === kind && stage.call === undefined)
    const [pods, nodes] = [played('Pod'), played('Node')]
    this.#players = [
      ...(pods.length === 0
        ? []
        : [
            new StagePlayer({
              host,
              informer: this.#pods,
              stages: pods,
              apply: (...args) => this.#toPod(...args),
            }),
          ]),
      ...(nodes.length === 0
        ? []
        : [
            new StagePlayer({
              host,
              informer: this.#nodes,
              stages: nodes,
              apply: (...args) => this.#toNode(...args),
            }),
          ]),
    ]
  }

  async stop(): Promise<void> {
    for (const player of this.#players) player.stop()
    await this.#events.stop()
  }

  /** What befalls a call of the runtime; undefined: nothing. */
  readonly call: SimulatedCall = (verb, { metadata }, container) => {
    const stages = this.#calls.filter(({ call }) => call?.name === verb)
    if (stages.length === 0) return undefined
    const pod = this.#pods.lister.get(metadata.namespace, metadata.name)
    if (pod === undefined) return undefined
    const named = (names: readonly string[] | undefined): boolean =>
      names === undefined || (container !== undefined && names.includes(container))
    const able = stages.filter((stage) => named(stage.call?.containers) && stage.selects(pod))
    const stage = pickStage(able, pod, this.#options.host)
    if (stage === undefined) return undefined
    const delayMs = stage.delayMs(pod, this.#options.host)
    const error = stage.call?.error
    this.#toApi(stage, pod, this.#options.client.resource(podKind))
    return error === undefined ? { delayMs } : { delayMs, error }
  }

  /** What a container uses; undefined: what its behaviour says. */
  readonly usage: SimulatedUsage = ({ metadata }, name) => {
    const { usages } = this.#options.simulation
    if (usages.length === 0) return undefined
    const pod = this.#pods.lister.get(metadata.namespace, metadata.name)
    const rules = pod === undefined ? [] : usages.filter((rule) => rule.selects(pod))
    const rule = rules.find(({ ofOnePod }) => ofOnePod) ?? rules[0]
    const used = rule?.usages.find(({ containers }) => containers?.includes(name) ?? true)
    if (pod === undefined || used === undefined) return undefined
    const node = this.#nodes.lister.get('', pod.spec?.nodeName ?? '')
    const container = pod.spec?.containers.find((each) => each.name === name)
    const subject = { pod, node, container }
    return { cores: used.cpu?.(subject), bytes: used.memory?.(subject) }
  }

  #toPod(stage: Stage, pod: Pod): void {
    const node = this.#options.node(pod.spec?.nodeName ?? '')
    if (node !== undefined && stage.pod !== undefined) applyToPod(stage.pod, pod, node)
    this.#toApi(stage, pod, this.#options.client.resource(podKind))
  }

  #toNode(stage: Stage, object: Node): void {
    const node = this.#options.node(object.metadata?.name ?? '')
    if (node !== undefined && stage.node !== undefined)
      applyToNode(stage.node, node).catch((error: unknown) => this.#failed(stage, error))
    this.#toApi(stage, object, this.#options.client.resource(nodeKind))
  }

  #toApi(stage: Stage, object: KubernetesObject, resource: Changeable): void {
    if (stage.event !== undefined) {
      const { type, reason, message } = stage.event
      this.#events.event({ ...object, apiVersion: 'v1', kind: stage.kind }, type, reason, message)
    }
    applyToApi(stage, object, resource).catch((error: unknown) => this.#failed(stage, error))
  }

  #failed({ name }: Stage, error: unknown): void {
    if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return
    this.#options.logger.warn('a stage could not be played', { stage: name, error: messageOf(error) })
  }
}

function applyToPod(effect: PodEffect, pod: Pod, { runtime }: StagedNode): void {
  const { uid = '' } = pod.metadata ?? {}
  const all = initAndMainContainers(pod.spec).map(({ name }) => name)
  for (const name of effect.containers ?? all) {
    for (const line of effect.output) runtime.writeLine(uid, name, line)
    const { failingProbes, exit } = effect
    if (failingProbes !== undefined) runtime.changeBehaviour(uid, name, { failingProbes })
    if (exit === undefined) continue
    const { message, outOfMemory, code, reason } = exit
    runtime.changeBehaviour(uid, name, {
      outOfMemory,
      ...(message === undefined ? {} : { terminationMessage: message }),
    })
    runtime.endContainer(uid, name, code, reason)
  }
}

async function applyToNode(effect: NodeEffect, node: StagedNode): Promise<void> {
  const { agent, runtimeError, foreignMemoryBytes, foreignDiskBytes } = effect
  if (runtimeError !== undefined) node.runtime.setReady(runtimeError)
  if (foreignMemoryBytes !== undefined) node.runtime.fillMemory(foreignMemoryBytes)
  if (foreignDiskBytes !== undefined) node.runtime.fillDisk(foreignDiskBytes)
  if (agent === 'stopped') await node.stop()
  if (agent === 'running') await node.restart()
}
