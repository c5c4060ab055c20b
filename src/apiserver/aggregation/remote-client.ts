import type { Host } from '../../base/host.ts'
import type { BackendConnector } from '../connect/backend.ts'
import { readText } from '../connect/backend-error.ts'
import { hostOf } from '../connect/forwarded-headers.ts'
import { identityHeaders } from '../connect/identity-headers.ts'
import type { UserInfo } from '../request.ts'
import type { RemoteService } from './remote-services.ts'
import { resolveRemote, type ServiceResolver } from './resolve-service.ts'

export interface RemoteClientOptions extends ServiceResolver {
  readonly connector: BackendConnector
}

export interface RemoteAnswer {
  readonly status: number
  readonly contentType: string
  readonly etag: string
  readonly text: string
}

const requestTimeoutMs = 5_000
/** A discovery or OpenAPI document of another server. */
const maxDocumentBytes = 32 * 1024 * 1024
const aggregator: UserInfo = { name: 'system:kube-aggregator', groups: ['system:masters'] }

/** Asks other API servers for what they serve, in the name of the aggregator. */
export class RemoteClient {
  readonly #options: RemoteClientOptions

  constructor(options: RemoteClientOptions) {
    this.#options = options
  }

  get host(): Host {
    return this.#options.host
  }

  /** Rejects with an Error when nobody answers within five seconds. */
  async get(remote: RemoteService, target: string, accept: string, etag = ''): Promise<RemoteAnswer> {
    const { host, connector } = this.#options
    const address = resolveRemote(this.#options, remote)
    const abort = new AbortController()
    const timer = host.schedule(requestTimeoutMs, () => abort.abort(new Error('request timed out')))
    const serverName = typeof address.trust === 'string' ? hostOf(address) : address.trust.serverName
    try {
      const response = await host.track(
        connector.request({
          address,
          method: 'GET',
          target,
          headers: [
            ['host', serverName],
            ['accept', accept],
            ...(etag === '' ? [] : [['if-none-match', etag] as const]),
            ...identityHeaders(aggregator),
          ],
          signal: abort.signal,
        }),
      )
      const header = (name: string): string =>
        response.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? ''
      return {
        status: response.status,
        contentType: header('content-type'),
        etag: header('etag'),
        text: await readText(response.body, maxDocumentBytes),
      }
    } catch (error) {
      const reason = abort.signal.aborted ? 'request timed out' : String(error)
      throw new Error(`failing or missing response from https://${hostOf(address)}${target}: ${reason}`, {
        cause: error,
      })
    } finally {
      timer.cancel()
    }
  }
}
