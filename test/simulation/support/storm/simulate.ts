import { Random } from '../../../../src/base/random.ts'
import type { KubernetesObject } from '../../../../src/cluster/index.ts'
import { podNameLabel } from '../../../../src/kubelet/runtime/labels.ts'
import type { Seen } from '../history.ts'
import { World } from '../world/world.ts'
import { follow } from './follow.ts'
import { Log } from './log.ts'
import { unfinished } from './rest.ts'
import { nextStep, powerOn, type Scene } from './steps.ts'
import { Storm, type Violence } from './storm.ts'
import { Truth } from './truth.ts'
import { makeWorkloads } from './workload.ts'

const machines = ['node-1', 'node-2', 'node-3', 'node-4']
const stepCount = 60
/** What it may take, after the storm, until everything is as it was asked for; looked at every ten seconds. */
const mostRestSeconds = 900
const restLookMs = 10_000

const violence: Violence = {
  delay: 0.2,
  refused: 0.03,
  conflict: 0.02,
  lostAnswer: 0.02,
  crash: 0.004,
  brokenWatch: 0.02,
  staleWatch: 0.02,
}

export interface Outcome {
  /** Everything that was done and that went wrong, in order. */
  readonly history: readonly string[]
  /** What should not be; empty when all is well. */
  readonly wrong: readonly string[]
  /** From the end of the storm until everything was at rest. */
  readonly restSeconds: number
}

/** What of an object is told. */
interface Brief extends KubernetesObject {
  readonly spec?: { readonly replicas?: number; readonly nodeName?: string }
  readonly status?: { readonly phase?: string; readonly replicas?: number }
}

/** One line for a change that everybody could see. */
function brief({ kind, event: { type, object } }: Seen): string {
  const { name, resourceVersion, deletionTimestamp, ownerReferences } = object.metadata ?? {}
  // Whatever kind it is of: what it does not have is not told.
  const { spec = {}, status = {} } = object as Brief
  const facts = [
    spec.replicas === undefined ? '' : `${status.replicas ?? 0}/${spec.replicas}`,
    spec.nodeName === undefined ? '' : `on ${spec.nodeName}`,
    status.phase ?? '',
    deletionTimestamp === undefined ? '' : 'going',
    ownerReferences === undefined ? '' : `of ${ownerReferences[0]?.name}`,
  ]
  return [type, kind.kind, name, `@${resourceVersion}`, ...facts].filter((fact) => fact !== '').join(' ')
}

class Simulation {
  readonly #random: Random
  readonly #seed: number
  readonly #storms: Storm[] = []
  #world: World | undefined
  #log: Log | undefined
  #isOver = false
  readonly #truth = new Truth(() => this.#world?.host.monotonicMs() ?? 0)

  constructor(seed: number) {
    this.#seed = seed
    this.#random = new Random(seed)
  }

  async run(): Promise<Outcome> {
    // Every other seed has two control planes, of which one leads.
    const elect = this.#seed % 2 === 1
    const world = await World.start({
      seed: this.#seed,
      nodes: machines.map((name) => ({ name })),
      control: { elect },
      weather: (who, made) => this.#weather(who, made),
    })
    const endFollowing = follow(world, (seen) => {
      this.#log?.add(`    ${brief(seen)}`)
      for (const storm of this.#storms) storm.tellUnheard()
      this.#truth.look(seen)
    })
    try {
      if (elect) world.startControl()
      await world.do(makeWorkloads(world.client), 5_000)
      await this.#storm(world)
      return await this.#rest(world)
    } finally {
      endFollowing()
      await world.stop()
    }
  }

  #weather(who: string, world: World): Storm {
    this.#world = world
    const { host } = world
    this.#log ??= new Log(host)
    const isNode = who.startsWith('node')
    const storm = new Storm({
      ...{ who, host, log: this.#log, random: new Random(this.#random.uint32()) },
      violence: isNode ? { ...violence, crash: 0 } : violence,
      isDead: () => world.controls.find(({ name }) => name === who)?.process.isDead ?? false,
      crash: () => world.controls.find(({ name }) => name === who)?.process.kill(),
      onUnheardCreate: (object) => this.#truth.unheardCreate(object),
      onUnheardUpdate: (object) => this.#truth.unheardUpdate(object),
    })
    storm.isOver = this.#isOver
    this.#storms.push(storm)
    return storm
  }

  /** Somebody starts again what has ended, after a while. */
  #revive(world: World, wanted: number): void {
    const running = world.controls.filter(({ process }) => !process.isDead).length
    for (let count = running; count < wanted; count++) world.startControl()
  }

  async #storm(world: World): Promise<void> {
    const scene: Scene = {
      ...{ world, random: this.#random, truth: this.#truth },
      ...{ dark: new Set(), cut: new Set(), jobs: [] },
    }
    const wanted = this.#seed % 2 === 1 ? 2 : 1
    for (let count = 0; count < stepCount && this.#truth.broken.length === 0; count++) {
      this.#log?.add(`== ${await nextStep(scene)}`)
      this.#truth.settle()
      this.#checkMachines(world)
      if (this.#random.next() < 0.5) this.#revive(world, wanted)
    }
    this.#isOver = true
    for (const storm of this.#storms) storm.isOver = true
    this.#log?.add('== the storm is over')
    this.#revive(world, wanted)
    for (const name of scene.dark) powerOn(scene, name)
    for (const { link } of world.nodes.values()) link.heal()
  }

  /** Nowhere does a pod of that name run twice: StatefulSets promise it. */
  #checkMachines(world: World): void {
    const places = new Map<string, string>()
    for (const machine of world.nodes.values()) {
      if (machine.process.isDead) continue
      for (const pod of machine.runningPods(podNameLabel)) {
        const other = places.get(pod)
        if (other !== undefined) this.#truth.broken.push(`${pod} runs on ${other} and on ${machine.name}`)
        places.set(pod, machine.name)
      }
    }
  }

  async #rest(world: World): Promise<Outcome> {
    let missing: readonly string[] = []
    let restSeconds = 0
    for (; restSeconds <= mostRestSeconds; restSeconds += restLookMs / 1_000) {
      await world.advance(restLookMs)
      this.#revive(world, this.#seed % 2 === 1 ? 2 : 1)
      missing = this.#truth.broken.length > 0 ? [] : await unfinished(world)
      if (missing.length === 0) break
    }
    this.#truth.settle()
    return { history: this.#log?.lines ?? [], wrong: [...this.#truth.broken, ...missing], restSeconds }
  }
}

/** A cluster's worst day, from a seed: every call may fail, and afterwards all must be well. */
export const simulate = (seed: number): Promise<Outcome> => new Simulation(seed).run()
