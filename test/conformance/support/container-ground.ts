import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeconfigContext } from '../../../src/client/https/kubeconfig.ts'
import type { Machine } from '../../e2e/support/machine.ts'
import type { Api, Json } from './api.ts'
import { eventually, eventuallyGone } from './eventually.ts'
import { type ExecResult, exec } from './exec.ts'
import { type RawAnswer, type RawRequest, rawRequest } from './raw.ts'

/** Containers take their time where many start at once; asking seldom leaves them the processor. */
const patience = { everyMs: 250, withinMs: 150_000 }

interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly started?: boolean
  readonly containerID?: string
  readonly state: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt: string }
    readonly terminated?: {
      readonly reason?: string
      readonly message?: string
      readonly exitCode: number
    }
  }
  readonly lastState: ContainerStatus['state']
}

/** A pod as far as these tests look at it. */
export type PodJson = Json & {
  readonly spec: Readonly<Record<string, unknown>> & { readonly nodeName?: string }
  readonly status: Readonly<Record<string, unknown>> & {
    readonly phase: string
    readonly podIP: string
    readonly hostIP: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[]
  }
}

/** A pod to be created. */
interface NamedPod {
  readonly metadata: { readonly name: string; readonly [field: string]: unknown }
  readonly spec: object
}

const isPod = (object: Json): object is PodJson => object.status !== undefined && object.spec !== undefined

/** A pod's main container. */
export function mainStatus(pod: PodJson): ContainerStatus {
  const status = pod.status.containerStatuses?.find(({ name }) => name === 'main')
  if (status === undefined) throw new Error('the container has no status yet')
  return status
}

/** A place for one behaviour on the cluster with real containers. */
export class ContainerGround {
  readonly api: Api
  readonly machine: Machine
  readonly to: KubeconfigContext
  readonly namespace: string
  readonly nodes: readonly string[]

  constructor(of: Pick<ContainerGround, 'api' | 'machine' | 'to' | 'namespace' | 'nodes'>) {
    this.api = of.api
    this.machine = of.machine
    this.to = of.to
    this.namespace = of.namespace
    this.nodes = of.nodes
  }

  /** `configmaps`, `pods/name` in the behaviour's namespace. */
  readonly path = (resource: string, version = 'v1'): string => {
    const root = version === 'v1' ? '/api/v1' : `/apis/${version}`
    return `${root}/namespaces/${this.namespace}/${resource}`
  }

  create(resource: string, object: object, version = 'v1'): Promise<Json> {
    return this.api.create(this.path(resource, version), object)
  }

  raw(path: string, of: RawRequest = {}): Promise<RawAnswer> {
    return rawRequest(this.to, path, of)
  }

  eventually<T>(look: () => Promise<T>, withinMs?: number): Promise<T> {
    return eventually(look, withinMs === undefined ? patience : { ...patience, withinMs })
  }

  /** Looks again and again for so long; throws as soon as `look` does. */
  async throughout(ms: number, look: () => Promise<unknown>): Promise<void> {
    const end = performance.now() + ms
    do {
      await look()
      await sleep(patience.everyMs)
    } while (performance.now() < end)
  }

  async pod(name: string): Promise<PodJson> {
    const pod = await this.api.get(this.path(`pods/${name}`))
    if (!isPod(pod)) throw new Error(`${name} is no pod`)
    return pod
  }

  async start(pod: NamedPod): Promise<string> {
    await this.create('pods', pod)
    return pod.metadata.name
  }

  /** The pod, once `check` throws nothing. */
  podWhen(name: string, check: (pod: PodJson) => void): Promise<PodJson> {
    return this.eventually(async () => {
      const pod = await this.pod(name)
      check(pod)
      return pod
    })
  }

  /** The pod, once all of its containers are ready. */
  ready(name: string): Promise<PodJson> {
    return this.podWhen(name, ({ status }) => {
      const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status
      if (ready !== 'True') throw new Error(`${name} is not ready: ${JSON.stringify(status)}`)
    })
  }

  /** The pod, once it has succeeded or failed. */
  ended(name: string): Promise<PodJson> {
    return this.podWhen(name, ({ status }) => {
      if (!['Succeeded', 'Failed'].includes(status.phase)) {
        throw new Error(`${name} has not ended: ${JSON.stringify(status)}`)
      }
    })
  }

  async gone(name: string): Promise<void> {
    await eventuallyGone(() => this.pod(name), patience)
  }

  async log(name: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    const { status, text } = await this.raw(
      `${this.path(`pods/${name}/log`)}?${new URLSearchParams(query).toString()}`,
    )
    if (status !== 200) throw new Error(`the log of ${name} answers ${status}: ${text}`)
    return text
  }

  /** What a pod has said when it has succeeded. */
  async output(pod: NamedPod): Promise<string> {
    const name = await this.start(pod)
    const { status } = await this.ended(name)
    const said = await this.log(name)
    if (status.phase !== 'Succeeded') throw new Error(`${name} failed: ${said}\n${JSON.stringify(status)}`)
    return said
  }

  exec(
    name: string,
    command: readonly string[],
    options: { readonly container?: string; readonly protocol?: string } = {},
  ): Promise<ExecResult> {
    return exec(this.to, this.path(`pods/${name}`), command, options)
  }

  /** What a shell says in the pod's first container; an error when it ends with another code than zero. */
  async shell(name: string, script: string, options: { readonly container?: string } = {}): Promise<string> {
    const { stdout, stderr, status } = await this.exec(name, ['/bin/sh', '-c', script], options)
    if (status.status === 'Success') return stdout
    throw new Error(`in ${name}: ${script}: ${JSON.stringify(status)}\n${stdout}${stderr}`)
  }
}
