import { Node } from '../../api/core/node/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
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
import { PoolMetrics } from './pool-metrics.ts'

/** One address family of pods. */
export interface PodRange {
  readonly cidr: string
  /** The prefix length of each node's part: 24. */
  readonly nodeBits: number
}

export interface NodeIpamOptions {
  /** Upstream's --cluster-cidr with --node-cidr-mask-size: one, or one of each address family. */
  readonly ranges?: readonly PodRange[]
  /** Addresses of Services, which no pod gets: --service-cluster-ip-range. */
  readonly serviceCidrs?: readonly string[]
}

const defaultRanges: readonly PodRange[] = [{ cidr: '10.244.0.0/16', nodeBits: 24 }]

/** Upstream's cidrUpdateWorkers. */
const workers = 30

/** Upstream's cidrUpdateRetries. */
const writeAttempts = 3

/** At once, one after the other, as upstream. Rejects with the last error. */
async function severalTimes(write: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await write()
      return
    } catch (error) {
      if (attempt === writeAttempts) throw error
    }
  }
}

const cidrsOf = (node: core.v1.Node | undefined): readonly string[] => {
  const { podCIDR, podCIDRs = podCIDR ? [podCIDR] : [] } = node?.spec ?? {}
  return podCIDRs
}

/** Gives each node a range of pod addresses, of each address family one. */
export function nodeIpamController(options: NodeIpamOptions = {}): AnyController {
  const { ranges = defaultRanges, serviceCidrs = [] } = options
  const pools = ranges.map(({ cidr, nodeBits }) => new CidrPool(cidr, nodeBits))
  for (const pool of pools) for (const cidr of serviceCidrs) pool.occupy(cidr)
  let metrics: PoolMetrics | undefined

  function follow(node: core.v1.Node | undefined, old: core.v1.Node | undefined): void {
    const name = (node ?? old)?.metadata?.name ?? ''
    const cidrs = cidrsOf(node)
    const before = cidrsOf(old)
    for (const [index, pool] of pools.entries()) {
      const cidr = cidrs[index]
      if (cidr !== undefined) pool.occupy(cidr)
      if (cidr !== undefined || node === undefined) pool.settle(name, cidr)
      const released = before[index]
      if (node !== undefined || released === undefined) continue
      pool.release(released)
      metrics?.releases.inc([pool.name])
    }
  }

  /** What nodes have is known before any gets something new. */
  function setUp(setup: ControllerSetup): void {
    const { informers, waitFor, signal } = setup
    metrics = new PoolMetrics(setup.metrics, pools)
    const nodes = informers.informer(Node)
    waitFor(nodes.whenSynced())
    signal.addEventListener('abort', nodes.onChange(follow), { once: true })
  }

  async function reconcile(name: Key, { cache, api, events }: ReconcileContext): Promise<Outcome> {
    const node = cache.of(Node).get('', name)
    if (node === undefined || node.metadata?.deletionTimestamp !== undefined) return done
    if (cidrsOf(node).length > 0) return done
    const podCIDRs: string[] = []
    for (const [index, pool] of pools.entries()) {
      const cidr = pool.take(name)
      if (cidr === undefined) {
        events.event(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
        const why = 'there are no remaining CIDRs left to allocate in the accepted range'
        throw new RetryError(`failed to allocate cidr from cluster cidr at idx:${index}: ${why}`)
      }
      podCIDRs.push(cidr)
    }
    const [podCIDR] = podCIDRs
    const patch = { spec: { podCIDR, podCIDRs } }
    const write = () => api.resource(Node).patch('', name, 'application/strategic-merge-patch+json', patch)
    try {
      await severalTimes(write)
    } catch (error) {
      // Its ranges stay promised to it: the next attempt writes the same.
      events.event(node, 'Normal', 'CIDRAssignmentFailed', `Node ${name} status is now: CIDRAssignmentFailed`)
      throw error
    }
    for (const pool of pools) metrics?.allocations.inc([pool.name])
    return done
  }

  return defineController({
    name: 'node-ipam',
    reportsAs: 'cidrAllocator',
    reconciles: Node,
    when: (node, old) =>
      node !== undefined &&
      cidrsOf(node).length === 0 &&
      (old === undefined || old.metadata?.uid !== node.metadata?.uid || cidrsOf(old).length === 0),
    permissions: [
      { group: '', resources: ['nodes'], verbs: ['get', 'list', 'patch', 'update', 'watch'] },
      { group: '', resources: ['nodes/status'], verbs: ['patch'] },
    ],
    workers,
    setUp,
    reconcile,
  })
}
