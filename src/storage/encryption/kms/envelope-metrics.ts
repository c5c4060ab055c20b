import { createHash } from 'node:crypto'
import { exponentialBuckets } from '../../../base/exponential-buckets.ts'
import type { Host } from '../../../base/host.ts'
import { LruMap } from '../../../base/lru-map.ts'
import type { Counter, Gauge, Histogram, Metrics } from '../../../base/metrics.ts'
import { errorCodeOf, type Transformation } from '../transformation-metrics.ts'

interface KeyUse {
  readonly labels: readonly string[]
  count: number
  lastSeconds: number
}

/** Upstream's number: of key ids that are shown. */
const maxKeyIds = 100
const prefix = 'apiserver_envelope_encryption_'

/** `sha256:…`; '' of nothing. */
export const hashOf = (text: string): string =>
  text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`

/** What upstream measures of KMS plugins and their keys, under its names. Ids of keys are shown as hashes. */
export class EnvelopeMetrics {
  readonly #host: Host
  readonly #serverIdHash: string
  readonly #calls: Histogram
  readonly #cacheSize: Gauge
  readonly #invalidKeyIds: Counter
  readonly #uses = new LruMap<string, KeyUse>(maxKeyIds)
  readonly #statuses = new LruMap<string, KeyUse>(maxKeyIds)

  constructor(host: Host, metrics: Metrics, serverId: string) {
    this.#host = host
    this.#serverIdHash = hashOf(serverId)
    this.#calls = metrics.histogram({
      name: `${prefix}kms_operations_latency_seconds`,
      help: 'KMS operation duration with gRPC error code status total.',
      labels: ['provider_name', 'method_name', 'grpc_status_code'],
      buckets: exponentialBuckets(0.0001, 2, 20),
    })
    this.#cacheSize = metrics.gauge({
      name: `${prefix}dek_source_cache_size`,
      help: 'Number of records in data encryption key (DEK) source cache. On a restart, this value is an approximation of the number of decrypt RPC calls the server will make to the KMS plugin.',
      labels: ['provider_name'],
    })
    this.#invalidKeyIds = metrics.counter({
      name: `${prefix}invalid_key_id_from_status_total`,
      help: 'Number of times an invalid keyID is returned by the Status RPC call split by error.',
      labels: ['provider_name', 'error'],
    })
    this.#showKeys(metrics)
  }

  #showKeys(metrics: Metrics): void {
    const ofUse = ['transformation_type', 'provider_name', 'key_id_hash', 'apiserver_id_hash']
    const totals = metrics.counter({
      name: `${prefix}key_id_hash_total`,
      help: 'Number of times a keyID is used split by transformation type, provider, and apiserver identity.',
      labels: ofUse,
    })
    const lastUses = metrics.gauge({
      name: `${prefix}key_id_hash_last_timestamp_seconds`,
      help: 'The last time in seconds when a keyID was used.',
      labels: ofUse,
    })
    const lastStatuses = metrics.gauge({
      name: `${prefix}key_id_hash_status_last_timestamp_seconds`,
      help: 'The last time in seconds when a keyID was returned by the Status RPC call.',
      labels: ofUse.slice(1),
    })
    metrics.onCollect(() => {
      for (const each of [totals, lastUses, lastStatuses]) each.clear()
      for (const [, { labels, count, lastSeconds }] of this.#uses.entries()) {
        totals.inc(labels, count)
        lastUses.set(lastSeconds, labels)
      }
      for (const [, { labels, lastSeconds }] of this.#statuses.entries())
        lastStatuses.set(lastSeconds, labels)
    })
  }

  #note(map: LruMap<string, KeyUse>, type: string, provider: string, keyId: string): void {
    const key = JSON.stringify([type, provider, keyId])
    const lastSeconds = this.#host.now() / 1000
    const known = map.get(key)
    if (known !== undefined) {
      known.count++
      known.lastSeconds = lastSeconds
      return
    }
    const labels = [...(type === '' ? [] : [type]), provider, hashOf(keyId), this.#serverIdHash]
    map.set(key, { labels, count: 1, lastSeconds })
  }

  used(type: Transformation, provider: string, keyId: string): void {
    this.#note(this.#uses, type, provider, keyId)
  }

  said(provider: string, keyId: string): void {
    this.#note(this.#statuses, '', provider, keyId)
  }

  saidInvalid(provider: string, error: 'empty' | 'too_long'): void {
    this.#invalidKeyIds.inc([provider, error])
  }

  cached(provider: string, count: number): void {
    this.#cacheSize.set(count, [provider])
  }

  /** `method`: `/v2.KeyManagementService/Status`. */
  called(provider: string, method: string, ms: number, error?: unknown): void {
    this.#calls.observe(ms / 1000, [provider, method, error === undefined ? 'OK' : errorCodeOf(error)])
  }
}
