import type { AccountKeys } from '../../../apiserver/authentication/account-keys.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { Metrics } from '../../../base/metrics.ts'
import { ExternalKeys } from './external-keys.ts'
import { connectSigner } from './signer-client.ts'

export interface ExternalSigner {
  readonly keys: AccountKeys
  /** The longest that it signs for. */
  readonly maxLifeSeconds: number
}

export interface ExternalSignerOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** A socket's path, or `@name`. */
  readonly endpoint: string
  /** What `--service-account-max-token-expiration` says; 0: nothing. */
  readonly maxLifeMs: number
  readonly stops: (() => void)[]
}

/** A TokenRequest may ask for no less. */
const leastLifeSeconds = 600
const setUp = 'while setting up external-jwt-signer'

/** gRPC's codes by number, as Go prints them. */
const codes = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...[
    'PermissionDenied',
    'ResourceExhausted',
    'FailedPrecondition',
    'Aborted',
    'OutOfRange',
    'Unimplemented',
  ],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
]

/** Of an error, or of what caused it. */
function codeOf(error: unknown): string {
  if (error === undefined) return 'OK'
  if (!(error instanceof Error)) return 'Unknown'
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code === 'number') return codes[code] ?? 'Unknown'
  return error.cause === undefined ? 'Unknown' : codeOf(error.cause)
}

function signerMetrics(metrics: Metrics) {
  const name = (rest: string): string => `apiserver_externaljwt_${rest}`
  return {
    fetchedSeconds: metrics.gauge({
      name: name('fetch_keys_success_timestamp'),
      help: 'Unix Timestamp in seconds of the last successful FetchKeys request',
      labels: [],
    }),
    dataSeconds: metrics.gauge({
      name: name('fetch_keys_data_timestamp'),
      help: 'Unix Timestamp in seconds of the last successful FetchKeys data_timestamp value returned by the external signer',
      labels: [],
    }),
    fetches: metrics.counter({
      name: name('fetch_keys_request_total'),
      help: 'Total attempts at syncing supported JWKs',
      labels: ['code'],
    }),
    signs: metrics.counter({
      name: name('sign_request_total'),
      help: 'Total attempts at signing JWT',
      labels: ['code'],
    }),
    seconds: metrics.histogram({
      name: name('request_duration_seconds'),
      help: 'Request duration and time for calls to external-jwt-signer',
      labels: ['method', 'code'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    }),
  }
}

/** Connects to a signer and asks for its keys. Rejects with an Error in upstream's words. */
export async function startExternalSigner(options: ExternalSignerOptions): Promise<ExternalSigner> {
  const { host, logger, metrics, endpoint, maxLifeMs, stops } = options
  const measured = signerMetrics(metrics)
  const client = connectSigner(endpoint, (method, code, tookMs) =>
    measured.seconds.observe(tookMs / 1000, [`/v1.ExternalJWTSigner/${method}`, codes[code] ?? 'Unknown']),
  )
  const keys = new ExternalKeys({
    ...{ host, logger, client },
    fetched: (error, dataSeconds) => {
      measured.fetches.inc([codeOf(error)])
      if (dataSeconds === undefined) return
      measured.fetchedSeconds.set(host.now() / 1000, [])
      measured.dataSeconds.set(dataSeconds, [])
    },
    signed: (error) => measured.signs.inc([codeOf(error)]),
  })
  stops.push(() => keys.stop())
  let maxLifeSeconds: number
  try {
    await keys.start()
    maxLifeSeconds = await client.maxLifeSeconds()
  } catch (error) {
    throw new Error(`${setUp}: ${messageOf(error)}`, { cause: error })
  }
  if (maxLifeSeconds < leastLifeSeconds)
    throw new Error(
      `max token life supported by external-jwt-signer (${maxLifeSeconds}s) is less than acceptable (min ${leastLifeSeconds}s)`,
    )
  if (maxLifeMs > maxLifeSeconds * 1000)
    throw new Error(
      `service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: ${maxLifeMs / 1000}s > ${maxLifeSeconds}s`,
    )
  return { keys, maxLifeSeconds }
}
