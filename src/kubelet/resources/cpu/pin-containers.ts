import type { core } from '../../../api/generated/types/index.ts'
import type { Host, Timer } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { CpuManager } from './cpu-manager.ts'
import { cpuSetText } from './cpu-set.ts'

type Pod = core.v1.Pod

export interface PinOptions {
  readonly host: Host
  readonly logger: Logger
  readonly runtime: Pick<Runtime, 'updateContainerResources'>
  readonly cpus: Pick<CpuManager, 'cpusOf'>
  /** Those that have not ended, with their status. */
  readonly pods: () => readonly Pod[]
  readonly everyMs: number
}

interface Running {
  readonly id: string
  readonly podUid: string
  readonly name: string
}

const runningOf = ({ metadata, status }: Pod): readonly Running[] =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].flatMap(
    ({ name, state, containerID = '' }) =>
      state?.running === undefined || containerID === ''
        ? []
        : [{ id: containerID.slice(containerID.indexOf('://') + 3), podUid: metadata?.uid ?? '', name }],
  )

/** Keeps running containers on the processors that they may use now: what all share changes with what some are given. */
export class ContainerPins {
  readonly #options: PinOptions
  /** What the runtime was told of each container, by id. */
  readonly #told = new Map<string, string>()
  #timer: Timer | undefined
  #ended = false

  constructor(options: PinOptions) {
    this.#options = options
  }

  start(): void {
    this.#wait()
  }

  stop(): void {
    this.#ended = true
    this.#timer?.cancel()
  }

  /** Tells the runtime what it does not know; what it does not take is tried again. */
  async look(): Promise<void> {
    const { pods, cpus, runtime, logger } = this.#options
    const running = pods().flatMap(runningOf)
    const ids = new Set(running.map(({ id }) => id))
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id)
    for (const { id, podUid, name } of running) {
      const cpusetCpus = cpuSetText(cpus.cpusOf(podUid, name))
      if (cpusetCpus === '' || this.#told.get(id) === cpusetCpus) continue
      try {
        await runtime.updateContainerResources(id, { cpusetCpus })
        this.#told.set(id, cpusetCpus)
      } catch (error) {
        logger.error('a container could not be moved to other processors', {
          ...{ container: name, podUid, cpus: cpusetCpus, error: messageOf(error) },
        })
      }
    }
  }

  #wait(): void {
    this.#timer = this.#options.host.schedule(this.#options.everyMs, () => {
      void this.look().then(() => {
        if (!this.#ended) this.#wait()
      })
    })
  }
}
