import { realHost } from '../../../../base/host/real-host.ts'
import type { Logger } from '../../../../base/logger.ts'
import type { Metrics } from '../../../../base/metrics.ts'
import type { Client } from '../../../../client/client.ts'
import type { KubeconfigContext } from '../../../../client/https/kubeconfig.ts'
import type { KubeletServer } from '../../../../kubelet/server/kubelet-server.ts'
import type { KeyPair } from '../../../pki/certificate.ts'
import { readKubeconfig } from '../../connection.ts'
import type { ComponentContext } from '../../run-component.ts'
import type { KubeletOptions } from '../kubelet-options.ts'
import { bootstrapKubeconfig, clientName, clientPurpose, servingPurpose } from './bootstrap.ts'
import { CertificateManager } from './certificate-manager.ts'
import {
  type CertificateObserver,
  clientCertificateMetrics,
  servingCertificateMetrics,
} from './certificate-metrics.ts'
import { CertificateStore } from './certificate-store.ts'
import { type CertificatePurpose, requestCertificate } from './request-certificate.ts'

type Context = Pick<ComponentContext, 'logger' | 'stops'>

const folderOf = ({ flags }: KubeletOptions): string => flags['cert-dir'] ?? '/var/lib/kubelet/pki'

/** Gets the first client certificate where `--bootstrap-kubeconfig` says how, and none is there. */
export async function bootstrapped(options: KubeletOptions, { logger, stops }: Context): Promise<void> {
  const { kubeconfig, 'bootstrap-kubeconfig': bootstrap } = options.flags
  if (kubeconfig === undefined || bootstrap === undefined) return
  const ended = new AbortController()
  stops.push(() => ended.abort())
  await bootstrapKubeconfig(
    {
      ...{ logger, kubeconfig, nodeName: options.nodeName },
      certificateFolder: folderOf(options),
      bootstrap: () => readKubeconfig('bootstrap-kubeconfig', bootstrap, undefined),
    },
    ended.signal,
  )
}

const clientStore = (options: KubeletOptions): CertificateStore =>
  new CertificateStore(folderOf(options), clientName)

/** The configuration with whatever client certificate counts now, where it is renewed. */
export function rotatingConfig(options: KubeletOptions, config: KubeconfigContext): KubeconfigContext {
  const { clientCertificate, clientKey } = config
  if (!options.flags['rotate-certificates'] || clientCertificate === undefined || clientKey === undefined)
    return config
  const store = clientStore(options)
  const first = store.current() ?? store.keep(clientCertificate, clientKey, realHost.now())
  return {
    ...config,
    clientIdentity: () => {
      const { certificatePem, keyPem } = store.current() ?? first
      return { certificate: certificatePem, key: keyPem }
    },
  }
}

export interface Rotation {
  readonly logger: Logger
  readonly stops: ComponentContext['stops']
  /** Where certificates are kept. */
  readonly folder: string
  readonly nodeName: string
  readonly addresses: readonly string[]
  /** Asks for them. */
  readonly client: Client
  readonly metrics?: Metrics | undefined
  /** Another client certificate counts now, and the API server should see it; absent: it is not renewed. */
  readonly identify?: () => void
  /** Another serving certificate counts now; absent: none is asked for. */
  readonly serve?: (pair: KeyPair) => void
}

/** Renews the certificates of an agent until it stops; shows the serving certificate that is there at once. */
export function keepRenewed(rotation: Rotation): void {
  const { logger, stops, folder, nodeName, addresses, client, metrics, identify, serve } = rotation
  const start = (
    store: CertificateStore,
    purpose: CertificatePurpose,
    rotated: (kept: KeyPair) => void,
    observer: CertificateObserver | undefined,
  ): void => {
    const request = (signal: AbortSignal) => requestCertificate(client, purpose, signal)
    const manager = new CertificateManager({ host: realHost, logger, store, request, rotated, observer })
    stops.push(() => manager.stop())
    void manager.run()
  }
  const now = (): number => realHost.now()
  if (identify) {
    const own = new CertificateStore(folder, clientName)
    const observer = metrics && clientCertificateMetrics(metrics, own, now)
    start(own, clientPurpose(nodeName), identify, observer)
  }
  if (serve === undefined) return
  const serving = new CertificateStore(folder, 'kubelet-server')
  const current = serving.current()
  if (current !== undefined) serve(current)
  const observer = metrics && servingCertificateMetrics(metrics, serving, now)
  start(serving, servingPurpose(nodeName, [nodeName, ...addresses]), serve, observer)
}

interface Parts {
  readonly client: Client
  readonly metrics: Metrics
  readonly server: KubeletServer
  /** So that the API server sees another client certificate. */
  reconnect(): void
}

/** Renews the certificates that the flags say. */
export function startRotation(
  options: KubeletOptions,
  { client, metrics, server, reconnect }: Parts,
  { logger, stops }: Context,
): void {
  const { flags, nodeName, addresses } = options
  keepRenewed({
    ...{ logger, stops, nodeName, addresses, client, metrics, folder: folderOf(options) },
    ...(flags['rotate-certificates'] ? { identify: reconnect } : {}),
    ...(flags['rotate-server-certificates']
      ? { serve: ({ certificatePem, keyPem }) => server.replaceTls({ cert: certificatePem, key: keyPem }) }
      : {}),
  })
}
