import type { Metrics } from '../base/metrics.ts'
import type { Protocol } from './forwarder.ts'
import type { Query } from './message.ts'
import { rcodes, recordTypes } from './record.ts'

/** CoreDNS' metrics under its names, as far as they have a meaning here. */
export interface DnsMetrics {
  answered(
    query: Query,
    protocol: Protocol,
    reply: Buffer | undefined,
    plugin: 'kubernetes' | 'forward',
    tookMs: number,
  ): void
  forwarded(to: string, rcode: number, tookMs: number): void
  cached(hit: boolean): void
}

const typeNames = new Map<number, string>(Object.entries(recordTypes).map(([name, type]) => [type, name]))
const rcodeNames = new Map<number, string>(Object.entries(rcodes).map(([name, code]) => [code, name]))

/** CoreDNS': a quarter of a millisecond, doubled fifteen times. */
const buckets = Array.from({ length: 16 }, (_, i) => 0.00025 * 2 ** i)

export function createDnsMetrics(metrics: Metrics, server: string, domain: string): DnsMetrics {
  const requests = metrics.counter({
    name: 'coredns_dns_requests_total',
    help: 'Counter of DNS requests made per zone, protocol and family.',
    labels: ['server', 'zone', 'proto', 'family', 'type'],
  })
  const responses = metrics.counter({
    name: 'coredns_dns_responses_total',
    help: 'Counter of response status codes.',
    labels: ['server', 'zone', 'rcode', 'plugin'],
  })
  const seconds = metrics.histogram({
    name: 'coredns_dns_request_duration_seconds',
    help: 'Histogram of the time (in seconds) each request took per zone.',
    labels: ['server', 'zone'],
    buckets,
  })
  const forwards = metrics.histogram({
    name: 'coredns_proxy_request_duration_seconds',
    help: 'Histogram of the time each request took.',
    labels: ['proxy_name', 'to', 'rcode'],
    buckets,
  })
  const hits = metrics.counter({
    name: 'coredns_cache_hits_total',
    help: 'The count of cache hits.',
    labels: ['server', 'type'],
  })
  const misses = metrics.counter({
    name: 'coredns_cache_misses_total',
    help: 'The count of cache misses. Deprecated, derive misses from cache hits/requests counters.',
    labels: ['server'],
  })
  const family = server.includes('[') ? '2' : '1'
  return {
    answered(query, protocol, reply, plugin, tookMs) {
      const zone = plugin === 'kubernetes' ? `${domain}.` : '.'
      const rcode = reply === undefined ? 2 : reply.readUInt16BE(2) & 0xf
      requests.inc([server, zone, protocol, family, typeNames.get(query.type) ?? 'other'])
      responses.inc([server, zone, rcodeNames.get(rcode) ?? String(rcode), plugin])
      seconds.observe(tookMs / 1000, [server, zone])
    },
    forwarded(to, rcode, tookMs) {
      forwards.observe(tookMs / 1000, ['forward', to, rcodeNames.get(rcode) ?? String(rcode)])
    },
    cached(hit) {
      if (hit) hits.inc([server, 'success'])
      else misses.inc([server])
    },
  }
}
