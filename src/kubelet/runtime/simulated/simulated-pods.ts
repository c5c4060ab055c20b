import { hex } from '../../../base/hex.ts'
import type { Host } from '../../../base/host.ts'
import { matches } from '../filter.ts'
import { podUidLabel } from '../labels.ts'
import type { ContainerFilter } from '../messages.ts'
import { RuntimeError } from '../runtime.ts'
import { containerView, type SimulatedContainer, type SimulatedSandbox } from './state.ts'

/** Lines kept of what a container wrote. */
const keptLines = 1000

/** The sandboxes and containers of one runtime, found by id and by pod, and what happens to them. */
export class SimulatedPods {
  readonly #host: Host
  readonly #sandboxes = new Map<string, SimulatedSandbox>()
  readonly #sandboxesByPod = new Map<string, Set<SimulatedSandbox>>()
  readonly #containers = new Map<string, SimulatedContainer>()
  readonly #handlers = new Set<(podUid: string) => void>()

  constructor(host: Host) {
    this.#host = host
  }

  addSandbox(sandbox: SimulatedSandbox): void {
    this.#sandboxes.set(sandbox.id, sandbox)
    const { uid } = sandbox.config.metadata
    const siblings = this.#sandboxesByPod.get(uid)
    if (siblings === undefined) this.#sandboxesByPod.set(uid, new Set([sandbox]))
    else siblings.add(sandbox)
  }

  /** With its containers. */
  removeSandbox(sandbox: SimulatedSandbox): void {
    for (const container of sandbox.containers) this.#containers.delete(container.id)
    this.#sandboxes.delete(sandbox.id)
    const siblings = this.#sandboxesByPod.get(sandbox.config.metadata.uid)
    siblings?.delete(sandbox)
    if (siblings?.size === 0) this.#sandboxesByPod.delete(sandbox.config.metadata.uid)
  }

  addContainer(container: SimulatedContainer): void {
    container.sandbox.containers.add(container)
    this.#containers.set(container.id, container)
  }

  removeContainer(container: SimulatedContainer): void {
    container.sandbox.containers.delete(container)
    this.#containers.delete(container.id)
  }

  findSandbox(id: string): SimulatedSandbox | undefined {
    return this.#sandboxes.get(id)
  }

  findContainer(id: string): SimulatedContainer | undefined {
    return this.#containers.get(id)
  }

  /** Throws RuntimeError `NotFound`, as its siblings do. */
  sandbox(id: string): SimulatedSandbox {
    const sandbox = this.#sandboxes.get(id)
    if (sandbox === undefined) throw new RuntimeError('NotFound', `no sandbox ${id}`)
    return sandbox
  }

  container(id: string): SimulatedContainer {
    const container = this.#containers.get(id)
    if (container === undefined) throw new RuntimeError('NotFound', `no container ${id}`)
    return container
  }

  running(id: string): SimulatedContainer {
    const container = this.container(id)
    if (container.state !== 'CONTAINER_RUNNING') {
      throw new RuntimeError('Unknown', `container ${id} is not running`)
    }
    return container
  }

  /** Of one pod; of all where there is no uid. */
  sandboxesOf(podUid: string | undefined): readonly SimulatedSandbox[] {
    return podUid === undefined
      ? [...this.#sandboxes.values()]
      : [...(this.#sandboxesByPod.get(podUid) ?? [])]
  }

  selected(filter: ContainerFilter): readonly SimulatedContainer[] {
    return this.sandboxesOf(filter.labelSelector?.[podUidLabel])
      .flatMap((sandbox) => [...sandbox.containers])
      .filter((container) => matches(filter, containerView(container)))
  }

  runningNamed(podUid: string, name: string): readonly SimulatedContainer[] {
    return this.sandboxesOf(podUid)
      .flatMap((sandbox) => [...sandbox.containers])
      .filter((it) => it.config.metadata.name === name && it.state === 'CONTAINER_RUNNING')
  }

  /** Of the layers of all containers. */
  get diskBytes(): number {
    return [...this.#containers.values()].reduce((sum, { diskBytes }) => sum + diskBytes, 0)
  }

  end(container: SimulatedContainer, exitCode: number, reason?: string): void {
    container.timer?.cancel()
    if (container.state !== 'CONTAINER_RUNNING') return
    container.state = 'CONTAINER_EXITED'
    container.exitCode = exitCode
    const usual = container.behaviour.outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error'
    container.reason = reason ?? usual
    container.finishedAt = this.nowNs()
    for (const stream of container.streams) stream.end({ kind: 'exited', exitCode })
    container.streams.clear()
  }

  write(container: SimulatedContainer, text: string): void {
    container.lines.push({ timeMs: this.#host.now(), text })
    if (container.lines.length > keptLines) container.lines.shift()
    for (const stream of container.streams) stream.write('stdout', text)
  }

  onChange(handler: (podUid: string) => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** Tells whoever listens that something happened to a container by itself. */
  changed(container: SimulatedContainer): void {
    for (const handler of this.#handlers) handler(container.sandbox.config.metadata.uid)
  }

  newId(): string {
    return hex(this.#host.randomBytes(32))
  }

  nowNs(): number {
    return this.#host.now() * 1e6
  }
}
