import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { resolvConfPath } from '../base/host/resolv-conf-path.ts'
import { type RunProgram, runProgram } from '../base/host/run-program.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { InformerFactory } from '../client/informer.ts'
import { listen } from './dns-listeners.ts'
import { createDnsMetrics } from './dns-metrics.ts'
import { Forwarder } from './forwarder.ts'
import { informedZone } from './informed-zone.ts'
import { addLocalAddress, removeLocalAddress } from './local-address.ts'
import { nameservers } from './resolv-conf.ts'
import { Responder } from './responder.ts'
import { Zone } from './zone.ts'

export interface DnsOptions {
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** Where it listens: the cluster's DNS address (`10.96.0.10`) on a node. */
  readonly address: string
  /** 53 when absent; 0 for a free one. */
  readonly port?: number
  /** Puts `address` on `lo`, and takes it away when the node's part of the cluster ends. Needs root. */
  readonly manageAddress: boolean
  /** What clients know the cluster's DNS by, where it is not `address`. */
  readonly clusterDnsAddress?: string
  /** `cluster.local` when absent. */
  readonly clusterDomain?: string
  /** 30 when absent. */
  readonly ttlSeconds?: number
  /** Name servers for all other names (`192.0.2.53`, `192.0.2.53:5353`); those of the machine when absent. */
  readonly upstreams?: readonly string[]
  /** Where metrics are served, at `address`; CoreDNS' is 9153. Absent: nowhere. */
  readonly metricsPort?: number
  /** How programs are run; on the machine itself when absent. */
  readonly run?: RunProgram
}

export interface RunningDns {
  readonly address: string
  readonly port: number
  /** Resolves when all of the cluster's names are known; until then they are answered with SERVFAIL. */
  readonly ready: Promise<void>
  stop(options: { readonly cleanUp: boolean }): Promise<void>
}

const defaultPort = 53

async function upstreamsOf(options: DnsOptions): Promise<readonly string[]> {
  const { upstreams, address, clusterDnsAddress, logger } = options
  const all = upstreams ?? nameservers(await readFile(await resolvConfPath(), 'utf8').catch(() => ''))
  const own = [address, clusterDnsAddress]
  const others = all.filter((server) => !own.includes(server))
  if (others.length === 0) logger.warn('there is no name server for names outside the cluster')
  return others
}

function serveMetrics(address: string, port: number, metrics: Metrics): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      if (request.url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      response.end(metrics.expose())
    })
    server.once('error', reject)
    server.listen(port, address, () => resolve(server))
  })
}

/** Answers for the cluster's names on this node, and passes all others on. Resolves when it listens. */
export async function startDns(options: DnsOptions): Promise<RunningDns> {
  const { informers, host, logger, address, port = defaultPort, run = runProgram } = options
  const domain = (options.clusterDomain ?? 'cluster.local').toLowerCase()
  const metrics = createDnsMetrics(options.metrics, `dns://${address}:${port}`, domain)
  const { view, synced, whenSynced } = informedZone(informers)
  const zone = new Zone(view, {
    domain,
    ttlSeconds: options.ttlSeconds ?? 30,
    dnsAddress: options.clusterDnsAddress ?? address,
    serial: Math.floor(host.now() / 1000),
  })
  const forwarder = new Forwarder({
    upstreams: await upstreamsOf(options),
    host,
    logger,
    onExchange: metrics.forwarded,
    onCache: metrics.cached,
  })
  const entries = options.metrics.gauge({
    name: 'coredns_cache_entries',
    help: 'The number of elements in the cache.',
    labels: ['server', 'type'],
  })
  options.metrics.onCollect(() =>
    entries.set(forwarder.cachedReplies, [`dns://${address}:${port}`, 'success']),
  )
  if (options.manageAddress) await addLocalAddress(address, run)
  const responder = new Responder({ zone, ready: synced, forwarder, host, metrics })
  const listeners = await listen(address, port, responder, logger)
  const server =
    options.metricsPort === undefined
      ? undefined
      : await serveMetrics(address, options.metricsPort, options.metrics)
  forwarder.probeForLoops()
  const ready = whenSynced().then(() => {})
  // Nobody has to wait for what a stop prevents.
  ready.catch(() => {})
  return {
    address,
    port: listeners.port,
    ready,
    stop: async ({ cleanUp }) => {
      await listeners.close()
      if (server !== undefined) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      if (cleanUp && options.manageAddress) await removeLocalAddress(address, run)
    },
  }
}
