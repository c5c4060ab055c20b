import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { core } from '../api/generated/types/index.ts'
import { containsIp, formatIp, parseCidr, parseIp } from '../apimachinery/ip-address.ts'
import type { RunProgram } from '../base/host/run-program.ts'
import type { Logger } from '../base/logger.ts'
import { acceptForwarding, refuseForwarding } from './accept-forwarding.ts'
import { conflist } from './conflist.ts'
import { peerRoutes, planRoutes } from './peer-routes.ts'
import { removePodNamespaces } from './pod-namespaces.ts'
import { podRules, removePodRules } from './pod-rules.ts'
import { removeHostPortChains } from './remove-host-port-chains.ts'
import { type Route, Routes } from './route.ts'

export interface PodNetworkOptions {
  readonly networkName: string
  readonly nodeName: string
  readonly nodeAddress: string
  readonly clusterCidr: string
  readonly serviceCidrs: readonly string[]
  readonly confDir: string
  readonly stateDir: string
  readonly mtu?: number
  readonly logger: Logger
  readonly run: RunProgram
}

/** Sorts after nothing that a runtime ships by itself; the folder is the node's own anyway. */
const conflistName = '10-timonel.conflist'

/** The kernel's side of a node's pod network: everything idempotent, and removable after a crash. */
export class PodNetwork {
  readonly #options: PodNetworkOptions
  readonly #routes: Routes
  /** Nodes on other wires, of which the log has spoken. */
  readonly #unreachable = new Set<string>()

  constructor(options: PodNetworkOptions) {
    this.#options = options
    this.#routes = new Routes(options.run)
  }

  /** Pods of this node get addresses from `podCidr` once this resolves. */
  async setUp(podCidr: string): Promise<void> {
    const { networkName, clusterCidr, confDir, stateDir, mtu, run } = this.#options
    const rules = podRules({ table: networkName, podCidr, clusterCidr })
    await Promise.all([
      enableForwarding(podCidr, run),
      run('nft', ['-f', '-'], { input: `${rules.join('\n')}\n` }),
      mkdir(confDir, { recursive: true }),
      mkdir(stateDir, { recursive: true }),
    ])
    const addressesDir = join(stateDir, 'addresses')
    const content = conflist({ networkName, podCidr, addressesDir, ...(mtu === undefined ? {} : { mtu }) })
    const path = join(confDir, conflistName)
    await writeFile(`${path}.new`, content)
    await rename(`${path}.new`, path)
    await acceptForwarding(clusterCidr, networkName, run)
  }

  /** The node's own packets to a Service must find some route before rules can turn them to an endpoint. */
  async routeServices(): Promise<void> {
    const { serviceCidrs, nodeAddress } = this.#options
    for (const destination of serviceCidrs) {
      const range = parseCidr(destination)
      const node = parseIp(nodeAddress)
      if (range === undefined || node === undefined || range.base.family !== node.family) continue
      const last = { ...range.base, value: range.base.value + 1n }
      if (!containsIp(range, last)) continue
      if ((await this.#routes.to(formatIp(last))) !== undefined) continue
      const device = await deviceOf(nodeAddress, this.#options.run)
      await this.#routes.replace({ destination, device, source: nodeAddress })
    }
  }

  /** Makes the pods of all other nodes reachable, and nothing else. */
  async routeTo(nodes: readonly core.v1.Node[]): Promise<void> {
    const { nodeName, clusterCidr } = this.#options
    const desired: Route[] = []
    for (const route of peerRoutes(nodes, nodeName)) {
      if (await this.#isOnWire(route)) desired.push(route)
    }
    const { replace, remove } = planRoutes(await this.#routes.ours([clusterCidr]), desired)
    for (const route of remove) await this.#routes.remove(route)
    for (const route of replace) await this.#routes.replace(route)
  }

  /** Removes all of it, and what an earlier process left. */
  async remove(): Promise<void> {
    const { networkName, clusterCidr, serviceCidrs, confDir, stateDir, run, logger } = this.#options
    const attempt = (what: string, work: Promise<unknown>): Promise<unknown> =>
      work.catch((error: unknown) => logger.warn('a part of the network stays behind', { what, error }))
    await attempt('configuration', rm(join(confDir, conflistName), { force: true }))
    await attempt('namespaces of pods', removePodNamespaces(networkName, run))
    const removal = removePodRules(networkName, clusterCidr)
    await attempt('rules', run('nft', ['-f', '-'], { input: `${removal.join('\n')}\n` }))
    await attempt('acceptance of forwarded packets', refuseForwarding(networkName, run))
    await attempt('chains of host ports', removeHostPortChains(networkName, run))
    await attempt('routes', this.#removeRoutes([clusterCidr, ...serviceCidrs]))
    await attempt('addresses of pods', rm(join(stateDir, 'addresses'), { recursive: true, force: true }))
  }

  async #removeRoutes(ranges: readonly string[]): Promise<void> {
    for (const route of await this.#routes.ours(ranges)) await this.#routes.remove(route)
  }

  async #isOnWire({ via, destination }: Route): Promise<boolean> {
    if (via === undefined) return true
    const found = await this.#routes.to(via)
    const onWire = found !== undefined && found.via === undefined
    if (onWire) this.#unreachable.delete(via)
    else if (!this.#unreachable.has(via)) {
      this.#unreachable.add(via)
      const message =
        'a node is not on the same network; reaching its pods would need a tunnel, which is not built'
      this.#options.logger.error(message, { address: via, podCidr: destination })
    }
    return onWire
  }
}

/** The part of `ip -j address` that matters. */
interface ListedLink {
  readonly ifname?: string
  readonly addr_info?: readonly { readonly local?: string }[]
}

async function deviceOf(address: string, run: RunProgram): Promise<string> {
  const links: readonly ListedLink[] = JSON.parse(await run('ip', ['-j', 'address', 'show']))
  const link = links.find(({ addr_info: addresses = [] }) => addresses.some(({ local }) => local === address))
  if (link?.ifname === undefined) throw new Error(`no network interface has the node's address ${address}`)
  return link.ifname
}

async function enableForwarding(podCidr: string, run: RunProgram): Promise<void> {
  const file = podCidr.includes(':')
    ? '/proc/sys/net/ipv6/conf/all/forwarding'
    : '/proc/sys/net/ipv4/ip_forward'
  // Through a program, so that it happens in the network namespace where the others are run. A value that is
  // right already is left alone: in containers /proc/sys is often read-only.
  await run('sh', ['-c', `[ "$(cat ${file})" = 1 ] || echo 1 > ${file}`])
}
