import { createServer, type RequestListener, type Server } from 'node:http'
import type { Metrics } from '../base/metrics.ts'
import type { HealthState } from './health.ts'
import type { ProxyMetrics } from './proxy-metrics.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export function listen(address: ListenAddress, handler: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(handler)
    server.once('error', reject)
    server.listen(address.port, address.host, () => resolve(server))
  })
}

/** `/healthz` and `/livez`, upstream's port 10256. */
export function serveHealth(
  address: ListenAddress,
  health: HealthState,
  metrics: ProxyMetrics,
): Promise<Server> {
  return listen(address, (request, response) => {
    const path = request.url?.split('?')[0]
    if (path !== '/healthz' && path !== '/livez') return void response.writeHead(404).end()
    const answer = health.read(path === '/healthz')
    const status = answer.healthy ? 200 : 503
    const counter = path === '/healthz' ? metrics.healthz : metrics.livez
    counter.inc([String(status)])
    response
      .writeHead(status, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' })
      .end(JSON.stringify(answer))
  })
}

/** `/metrics`, `/healthz` and `/proxyMode`, upstream's port 10249. */
export function serveMetrics(address: ListenAddress, metrics: Metrics): Promise<Server> {
  return listen(address, (request, response) => {
    const path = request.url?.split('?')[0]
    const text = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      return void response.end(metrics.expose())
    }
    if (path === '/proxyMode') return void response.writeHead(200, text).end('nftables')
    if (path === '/healthz') return void response.writeHead(200, text).end('ok')
    response.writeHead(404).end()
  })
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })
}
