import type { ApiRequest, Transport } from '../../apimachinery/transport.ts'
import { defined } from '../../base/defined.ts'
import { realHost } from '../../base/host/real-host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import { sleep } from '../../base/sleep.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'
import { type KubeconfigContext, loadKubeconfig } from '../../client/https/kubeconfig.ts'
import { FlagError } from './flags/parse-flags.ts'

export interface ConnectionOptions {
  readonly userAgent: string
  /** `--kube-api-qps` and `--kube-api-burst`; a negative `perSecond`: no limit. */
  readonly perSecond: number
  readonly burst: number
  /** Absent: nobody measures it. */
  readonly metrics?: Metrics
  /** Asked before each write; throws when it must not happen. */
  readonly beforeWrite?: () => void
}

/** A kubeconfig that a flag names. Throws FlagError. */
export function readKubeconfig(flag: string, file: string, master: string | undefined): KubeconfigContext {
  try {
    const config = loadKubeconfig(file)
    return master === undefined ? config : { ...config, server: master }
  } catch (error) {
    throw new FlagError(`--${flag}: ${messageOf(error)}`)
  }
}

/** Lets requests through at their rate. */
function governed(transport: Transport, { perSecond, burst }: ConnectionOptions): Transport {
  const bucket = perSecond < 0 ? undefined : new TokenBucket(realHost, perSecond, burst)
  const admit = async (request: ApiRequest): Promise<void> => {
    const waitMs = bucket?.reserve() ?? 0
    if (waitMs > 0) await sleep(realHost, waitMs, request.signal)
  }
  return {
    request: async (request) => {
      await admit(request)
      return transport.request(request)
    },
    watch: async function* (request) {
      await admit(request)
      yield* transport.watch(request)
    },
    close: () => transport.close(),
  }
}

export interface ApiConnection {
  readonly client: Client
  readonly transport: Transport
  /** The next connection shows the certificate that is in its file now. */
  reconnect(): void
}

/** A connection to the API server as the kubeconfig's user. Whoever makes it closes its transport. */
export function connect(config: KubeconfigContext, options: ConnectionOptions): ApiConnection {
  const { userAgent, beforeWrite, metrics } = options
  const https = createHttpsTransport({
    host: realHost,
    ...{ ...config, userAgent },
    ...defined({ metrics }),
    // Asked last of all: whatever a write waits for, the right to do it may end meanwhile.
    beforeSend: ({ method }) => {
      if (method !== 'GET') beforeWrite?.()
    },
  })
  const transport = governed(https, options)
  const client = createClient(transport, { fieldManager: options.userAgent })
  return { transport, client, reconnect: () => https.reconnect() }
}
