import { exponentialBuckets } from '../../base/exponential-buckets.ts'
import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'
import { GrpcError } from './kms/grpc-error.ts'

export type Transformation = 'from_storage' | 'to_storage'

/** As upstream counts errors: by the code of a plugin's answer, where there is one. */
export const errorCodeOf = (error: unknown): string => {
  if (error instanceof GrpcError) return error.status
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? 'unknown-non-grpc' : errorCodeOf(cause)
}

/** What upstream measures of values on their way into the store and out of it, under its names. */
export class TransformationMetrics {
  readonly #operations: Counter
  readonly #seconds: Histogram
  /** Of keys that only a plugin can decrypt. */
  readonly cacheMisses: Counter
  readonly keySeconds: Histogram

  constructor(metrics: Metrics) {
    const prefix = 'apiserver_storage_'
    this.#operations = metrics.counter({
      name: `${prefix}transformation_operations_total`,
      help: "Total number of transformations. Successful transformation will have a status 'OK' and a varied status string when the transformation fails.",
      labels: ['resource', 'transformation_type', 'transformer_prefix', 'status'],
    })
    this.#seconds = metrics.histogram({
      name: `${prefix}transformation_duration_seconds`,
      help: 'Latencies in seconds of value transformation operations.',
      labels: ['transformation_type', 'transformer_prefix'],
      buckets: exponentialBuckets(5e-6, 2, 25),
    })
    this.cacheMisses = metrics.counter({
      name: `${prefix}envelope_transformation_cache_misses_total`,
      help: 'Total number of cache misses while accessing key decryption key(KEK).',
    })
    this.keySeconds = metrics.histogram({
      name: `${prefix}data_key_generation_duration_seconds`,
      help: 'Latencies in seconds of data encryption key(DEK) generation operations.',
      buckets: exponentialBuckets(5e-6, 2, 14),
    })
  }

  succeeded(resource: string, type: Transformation, prefix: string, ms: number): void {
    this.#operations.inc([resource, type, prefix, 'OK'])
    this.#seconds.observe(ms / 1000, [type, prefix])
  }

  failed(resource: string, type: Transformation, prefix: string, error: unknown): void {
    this.#operations.inc([resource, type, prefix, errorCodeOf(error)])
  }
}
