import { Node } from '../../api/core/node/kind.ts'
import {
  type AnyController,
  type ControllerSetup,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  RetryError,
} from '../../reconcile/controller.ts'
import { CidrPool } from './cidr-pool.ts'

export interface NodeIpamOptions {
  /** Upstream's --cluster-cidr. */
  readonly clusterCidr?: string
  /** Upstream's --node-cidr-mask-size. */
  readonly nodeCidrMaskSize?: number
}

const defaultClusterCidr = '10.244.0.0/16'
const defaultMaskSize = 24

/** Upstream's cidrUpdateWorkers. */
const workers = 30

/** Gives each node a range of pod addresses. */
export function nodeIpamController(options: NodeIpamOptions = {}): AnyController {
  const { clusterCidr = defaultClusterCidr, nodeCidrMaskSize = defaultMaskSize } = options
  const pool = new CidrPool(clusterCidr, nodeCidrMaskSize)

  /** What nodes have is known before any gets something new. */
  function setUp({ informers, waitFor, signal }: ControllerSetup): void {
    const nodes = informers.informer(Node)
    waitFor(nodes.whenSynced())
    const detach = nodes.onChange((node, old) => {
      const name = (node ?? old)?.metadata?.name ?? ''
      if (node === undefined) pool.release(name)
      else if (node.spec?.podCIDR) pool.occupy(name, node.spec.podCIDR)
    })
    signal.addEventListener('abort', detach, { once: true })
  }

  async function reconcile(name: Key, { cache, api, events }: ReconcileContext): Promise<Outcome> {
    const node = cache.of(Node).get('', name)
    if (node === undefined || node.spec?.podCIDR) return done
    const podCIDR = pool.take(name)
    if (podCIDR === undefined) {
      const message = `Node ${name} status is now: CIDRNotAvailable`
      events.event(node, 'Normal', 'CIDRNotAvailable', message)
      throw new RetryError('there are no remaining CIDRs left to allocate in the accepted range')
    }
    const patch = { spec: { podCIDR, podCIDRs: [podCIDR] } }
    await api.resource(Node).patch('', name, 'application/strategic-merge-patch+json', patch)
    return done
  }

  return defineController({
    name: 'node-ipam',
    reportsAs: 'cidrAllocator',
    reconciles: Node,
    when: (node, old) =>
      node !== undefined && !node.spec?.podCIDR && old?.spec?.podCIDR === node.spec?.podCIDR,
    permissions: [
      { group: '', resources: ['nodes'], verbs: ['get', 'list', 'patch', 'update', 'watch'] },
      { group: '', resources: ['nodes/status'], verbs: ['patch'] },
    ],
    workers,
    setUp,
    reconcile,
  })
}
