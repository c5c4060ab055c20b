import type { Transport } from '../../../../src/apimachinery/transport.ts'
import type { UserInfo } from '../../../../src/apiserver/request.ts'
import type { Host } from '../../../../src/base/host.ts'
import { silentLogger } from '../../../../src/base/logger.ts'
import { createClient } from '../../../../src/client/create-client.ts'
import { createInformerFactory } from '../../../../src/client/informer-factory.ts'
import { adminUser, nodeUser } from '../../../../src/cluster/control-plane/component-clients.ts'
import { type SimulatedNode, SimulatedNodes } from '../../../../src/kubelet/simulated-nodes.ts'
import { SimulatedProcess } from '../../../../src/reconcile/testing/simulated-process.ts'
import type { Link } from './link.ts'

export interface NodeSpec {
  readonly name: string
  /** `topology.kubernetes.io/zone` */
  readonly zone?: string
}

interface NodeMachineOptions {
  readonly host: Host
  readonly spec: NodeSpec
  readonly index: number
  readonly link: Link
  readonly transportFor: (user: UserInfo, agent: string) => Transport
}

/** A machine with its node agent and its containers: they die together when the power is cut. */
export class NodeMachine {
  readonly name: string
  readonly process: SimulatedProcess
  readonly link: Link
  readonly #options: NodeMachineOptions
  #node: SimulatedNode | undefined

  constructor(options: NodeMachineOptions) {
    this.#options = options
    this.name = options.spec.name
    this.link = options.link
    this.process = new SimulatedProcess(options.host)
  }

  get isRegistered(): boolean {
    return this.#node !== undefined
  }

  /** Known as soon as the node has registered. */
  get runtime(): SimulatedNode['runtime'] {
    if (this.#node === undefined) throw new Error(`${this.name} has not registered`)
    return this.#node.runtime
  }

  /** The label's values of all sandboxes that have something running in them. */
  runningPods(label: string): readonly string[] {
    return this.#node?.runtime.runningSandboxes().map((labels) => labels[label] ?? '') ?? []
  }

  start(): void {
    const { index, spec } = this.#options
    const { host } = this.process
    const logger = silentLogger
    const client = createClient(this.#transport(adminUser), { fieldManager: 'kubelet' })
    const nodes = new SimulatedNodes({
      ...{ client, host, logger, version: 'v1.36.0' },
      informers: createInformerFactory({ client, host, logger }),
      nodeClient: (name) => createClient(this.#transport(nodeUser(name)), { fieldManager: 'kubelet' }),
      dns: { servers: ['10.96.0.10'], domain: 'cluster.local' },
    })
    const labels = spec.zone === undefined ? {} : { 'topology.kubernetes.io/zone': spec.zone }
    nodes.start({ nodeName: spec.name, address: `10.0.0.${index + 1}`, labels }).then(
      (node) => {
        this.#node = node
      },
      () => {},
    )
  }

  #transport(user: UserInfo): Transport {
    const { link, transportFor } = this.#options
    return this.process.transport(link.transport(() => transportFor(user, 'kubelet')))
  }
}
