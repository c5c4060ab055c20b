import { featureGates } from '../../api/feature-gates.ts'
import { servedKinds } from '../../api/served-kinds.ts'
import type { AuthenticationTrust } from '../../apiserver/bootstrap/authentication-trust.ts'
import type { Handler } from '../../apiserver/filter.ts'
import type { ClientAuthorities } from '../../apiserver/http/connections.ts'
import type { HttpServer, HttpServerOptions } from '../../apiserver/http/http-server-options.ts'
import { defined } from '../../base/defined.ts'
import { sleep } from '../../base/sleep.ts'
import {
  type CertificateFiles,
  followCertificates,
  type ReadCertificates,
  readCertificates,
} from '../access/follow-certificates.ts'
import type { AuditOptions } from '../audit/audit-options.ts'
import type { StartedAudit } from '../audit/start-audit.ts'
import type { EncryptionFile, StartedEncryption } from '../encryption/start-encryption.ts'
import type { KeyPair } from '../pki/certificate.ts'
import { type ApiServerSetup, type StartedApiServer, startApiServer } from './api-server.ts'
import { openStorage, type StoragePlace } from './open-storage.ts'

export interface ServeApiOptions extends Omit<ApiServerSetup, 'store' | 'advertise' | 'audit'> {
  readonly place: StoragePlace
  readonly quotaBackendBytes?: number | undefined
  readonly compactionIntervalMs?: number | undefined
  readonly listen: Pick<
    HttpServerOptions,
    'address' | 'port' | 'tls' | 'http2' | 'sharesPort' | 'limits' | 'headers' | 'goAwayChance'
  >
  /** What the server shows. */
  readonly serving: KeyPair
  /** Where `serving` and the authorities of clients come from, if from files that may change. */
  readonly certificateFiles?: CertificateFiles
  /** Absent: values are stored as they are. */
  readonly encryption?: EncryptionFile | undefined
  /** Absent: nothing is audited. */
  readonly audit?: AuditOptions | undefined
  /** How clients, nodes and pods reach it. */
  readonly advertiseAddress: string
  /** What comes before it stops; absent: nothing. */
  readonly farewell?: Farewell | undefined
}

export interface ServedApi {
  readonly api: StartedApiServer
  readonly http: HttpServer
}

/** How a server goes (`--shutdown-delay-duration`, `--shutdown-send-retry-after`). */
export interface Farewell {
  /** How long it says that it is not ready, and serves on. */
  readonly delayMs: number
  /** Then until what is under way has its answers: who comes is sent elsewhere. Undefined: not at all. */
  readonly refusesForMs: number | undefined
}

/** What clients get to finish before their connections are broken. */
const closeGraceMs = 2_000

type Stop = () => Promise<void> | void

const authoritiesOf = ({ clientAuthority, frontProxy }: AuthenticationTrust): ClientAuthorities =>
  defined({ client: clientAuthority, 'front-proxy': frontProxy?.authority })

function trustOf(before: AuthenticationTrust, read: ReadCertificates): AuthenticationTrust {
  const { frontProxy } = before
  const { client: clientAuthority, frontProxy: authority } = read
  return {
    ...defined({ clientAuthority }),
    ...(frontProxy === undefined || authority === undefined
      ? {}
      : { frontProxy: { ...frontProxy, authority } }),
  }
}

/** Loaded only where it is used. */
async function encrypt(options: ServeApiOptions): Promise<StartedEncryption | undefined> {
  const { host, logger, metrics, encryption: file } = options
  if (file === undefined) return undefined
  const { startEncryption } = await import('../encryption/start-encryption.ts')
  const features = featureGates(options.featureGates ?? new Map())
  const { served, hidden } = servedKinds(options.runtimeConfig ?? new Map(), features)
  return startEncryption({ host, logger, metrics, file, kinds: [...served, ...hidden] })
}

/** Loaded only where it is used. */
async function audit(options: ServeApiOptions): Promise<StartedAudit | undefined> {
  const { host, logger, metrics, audit: given } = options
  if (given === undefined) return undefined
  const { startAudit } = await import('../audit/start-audit.ts')
  return startAudit({ host, logger, metrics, options: given })
}

/** Opens the store, listens, and starts the API server, whose first requests wait for it. What is started goes to `stops`. */
export async function serveApi(options: ServeApiOptions, stops: Stop[]): Promise<ServedApi> {
  const { host, logger, metrics, place, listen, serving, advertiseAddress, ...setup } = options
  const { quotaBackendBytes, compactionIntervalMs } = options
  const compaction = new AbortController()
  const { signal } = compaction
  const auditing = await audit(options)
  if (auditing !== undefined) stops.push(() => auditing.stop())
  const encryption = await encrypt(options)
  if (encryption !== undefined) stops.push(() => encryption.stop())
  const store = await openStorage({
    ...{ host, logger, metrics, place, quotaBackendBytes, compactionIntervalMs, signal },
    transformer: encryption?.transformer,
  })
  stops.push(() => store.storage.close())
  stops.push(() => compaction.abort())
  const { startHttpServer } = await import('../../apiserver/http/http-server.ts')
  // What extension API servers are told follows what counts here.
  const trust = { ...options.identity.trust }
  const started = Promise.withResolvers<Handler>()
  let handler: Handler = async (request) => (await started.promise)(request)
  const { named = [] } =
    options.certificateFiles === undefined ? {} : readCertificates(options.certificateFiles)
  const http = await startHttpServer({
    host,
    logger,
    handler: (request) => handler(request),
    ...listen,
    ...serving,
    named,
    beforeSending: auditing?.audit.flush,
    clientAuthorities: authoritiesOf(trust),
  })
  stops.push(() => http.close(closeGraceMs))
  let api: StartedApiServer | undefined
  if (options.certificateFiles !== undefined) {
    const { kubelet, frontProxyClient } = options.identity
    const apply = (read: ReadCertificates): void => {
      Object.assign(trust, trustOf(trust, read))
      http.replaceCertificates({
        ...(read.serving ?? serving),
        ...defined({ named: read.named }),
        clientAuthorities: authoritiesOf(trust),
      })
      api?.show({
        ...(read.kubeletClient ?? kubelet.client),
        frontProxy: read.frontProxyClient ?? frontProxyClient,
      })
    }
    stops.push(followCertificates(options.certificateFiles, logger, apply))
  }
  const advertise = { address: advertiseAddress, port: http.port }
  const identity = { ...options.identity, trust }
  const checks = encryption?.checks ?? []
  const served = await startApiServer({
    ...{ ...setup, identity, host, logger, metrics, store, advertise, checks },
    audit: auditing?.audit,
  })
  api = served
  stops.push(() => served.stop())
  if (options.farewell !== undefined) {
    const { delayMs, refusesForMs } = options.farewell
    stops.push(async () => {
      served.beginStop()
      if (delayMs > 0) await sleep(host, delayMs)
      if (refusesForMs === undefined) return
      http.refuse()
      await http.whenIdle(refusesForMs)
    })
  }
  handler = (request) => served.server.handle(request)
  started.resolve(handler)
  return { api: served, http }
}
