import { realHost } from '../../../../base/host/real-host.ts'
import type { Client } from '../../../../client/client.ts'
import type { KubeconfigContext } from '../../../../client/https/kubeconfig.ts'
import type { KubeletServer } from '../../../../kubelet/server/kubelet-server.ts'
import type { ComponentContext } from '../../run-component.ts'
import type { KubeletOptions } from '../kubelet-options.ts'
import { bootstrapKubeconfig, clientPurpose, servingPurpose } from './bootstrap.ts'
import { CertificateManager } from './certificate-manager.ts'
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
      bootstrapKubeconfig: bootstrap,
    },
    ended.signal,
  )
}

const clientStore = (options: KubeletOptions): CertificateStore =>
  new CertificateStore(folderOf(options), 'kubelet-client')

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

interface Parts {
  readonly client: Client
  readonly server: KubeletServer
  /** So that the API server sees another client certificate. */
  reconnect(): void
}

/** Renews the certificates that the flags say. */
export function startRotation(
  options: KubeletOptions,
  { client, server, reconnect }: Parts,
  { logger, stops }: Context,
): void {
  const { flags, nodeName, addresses } = options
  const start = (
    store: CertificateStore,
    purpose: CertificatePurpose,
    rotated: ConstructorParameters<typeof CertificateManager>[0]['rotated'],
  ): void => {
    const request = (signal: AbortSignal) => requestCertificate(client, purpose, signal)
    const manager = new CertificateManager({ host: realHost, logger, store, request, rotated })
    stops.push(() => manager.stop())
    void manager.run()
  }
  if (flags['rotate-certificates']) start(clientStore(options), clientPurpose(nodeName), reconnect)
  if (!flags['rotate-server-certificates']) return
  const serving = new CertificateStore(folderOf(options), 'kubelet-server')
  const current = serving.current()
  const show = ({ certificatePem, keyPem }: { certificatePem: string; keyPem: string }): void =>
    server.replaceTls({ cert: certificatePem, key: keyPem })
  if (current !== undefined) show(current)
  start(serving, servingPurpose(nodeName, [nodeName, ...addresses]), show)
}
