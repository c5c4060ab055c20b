import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { serviceAccountUser } from '../../apiserver/authentication/users.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeconfigContext } from '../../client/https/kubeconfig.ts'
import { controllerUser } from '../control-plane/component-clients.ts'
import { type ApiConnection, type ConnectionOptions, connect } from './connection.ts'

interface TokenAnswer {
  readonly status?: { readonly token?: string }
}

const namespace = 'kube-system'
/** Upstream's `TokenRequest` for its controllers asks for an hour. */
const tokenLifeSeconds = 3600
/** Renewed early enough for a server that is away for a while. */
const renewAfterMs = tokenLifeSeconds * 1000 * 0.8
const retryMs = 10_000

/**
 * A connection for each controller as its own service account (`--use-service-account-credentials`): each has the
 * permissions that upstream's bootstrap roles give it, and no more.
 */
export class AccountClients {
  readonly #host: Host
  readonly #logger: Logger
  readonly #own: ApiConnection
  readonly #config: KubeconfigContext
  readonly #options: ConnectionOptions
  readonly #timers = new Set<Timer>()
  readonly #connections: ApiConnection[] = []
  #stopped = false

  /** `own`: of who may make service accounts and their tokens. */
  constructor(
    base: { host: Host; logger: Logger },
    own: ApiConnection,
    config: KubeconfigContext,
    options: ConnectionOptions,
  ) {
    this.#host = base.host
    this.#logger = base.logger
    this.#own = own
    this.#config = config
    this.#options = options
  }

  /** Resolves when the account has a token. */
  async connect(controller: string): Promise<ApiConnection> {
    const name = controllerUser(controller).name.slice(serviceAccountUser(namespace, '').length)
    await this.#ensureAccount(name)
    let token = await this.#makeToken(name)
    this.#renew(name, (renewed) => {
      token = renewed
    })
    const { clientCertificate: _certificate, clientKey: _key, ...server } = this.#config
    const connection = connect({ ...server, token: () => token }, this.#options)
    this.#connections.push(connection)
    return connection
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
    await Promise.all(this.#connections.map(({ transport }) => transport.close()))
  }

  #renew(name: string, take: (token: string) => void, delayMs = renewAfterMs): void {
    if (this.#stopped) return
    const timer = this.#host.schedule(delayMs, () => {
      this.#timers.delete(timer)
      this.#makeToken(name).then(
        (token) => {
          take(token)
          this.#renew(name, take)
        },
        (error: unknown) => {
          this.#logger.warn('a token could not be renewed', { serviceAccount: name, error })
          this.#renew(name, take, retryMs)
        },
      )
    })
    this.#timers.add(timer)
  }

  async #ensureAccount(name: string): Promise<void> {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } } as const
    await this.#own.client
      .resource(ServiceAccount)
      .create(account)
      .catch((error: unknown) => {
        if (!isStatus(error, 'AlreadyExists')) throw error
      })
  }

  async #makeToken(name: string): Promise<string> {
    const { body } = await this.#own.transport.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { namespace, name },
        spec: { expirationSeconds: tokenLifeSeconds },
      },
    })
    const { status } = body as TokenAnswer
    if (status?.token === undefined) throw new Error(`the server gave no token for ${name}`)
    return status.token
  }
}
