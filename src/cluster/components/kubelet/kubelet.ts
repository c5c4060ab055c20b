import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { featureGates } from '../../../api/feature-gates.ts'
import { defined } from '../../../base/defined.ts'
import { createMetrics } from '../../../base/host/metrics.ts'
import { realHost } from '../../../base/host/real-host.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { Client } from '../../../client/client.ts'
import { createInformerFactory } from '../../../client/informer-factory.ts'
import type { ConfiguredProviders } from '../../../kubelet/images/credential-providers.ts'
import type { KubeletApi } from '../../../kubelet/kubelet-api.ts'
import { startLinuxNode } from '../../../kubelet/linux/linux-node.ts'
import { manifestFolder } from '../../../kubelet/linux/manifests/manifest-folder.ts'
import { manifestUrl } from '../../../kubelet/linux/manifests/manifest-url.ts'
import { relistMetrics } from '../../../kubelet/metrics/relist-metrics.ts'
import { CriRuntime } from '../../../kubelet/runtime/cri/cri-runtime.ts'
import { RuntimesByHandler } from '../../../kubelet/runtime/runtimes-by-handler.ts'
import { wasmHandler } from '../../../kubelet/runtime/wasm/wasm-runtime.ts'
import { KubeletRequests } from '../../../kubelet/server/kubelet-requests.ts'
import { KubeletServer, type KubeletTls } from '../../../kubelet/server/kubelet-server.ts'
import { serveHealth, startPlainServer } from '../../../kubelet/server/plain-server.ts'
import type { ManifestSource } from '../../../kubelet/static/pod-feed.ts'
import { followCertificates, type ReadCertificates } from '../../access/follow-certificates.ts'
import { useAdministratorPath } from '../../system-packages.ts'
import { kubernetesVersion } from '../../version.ts'
import { kubeletPages } from '../../z-pages.ts'
import { ownConnection } from '../component-base.ts'
import { readKubeconfig } from '../connection.ts'
import { FlagError, flagTexts } from '../flags/parse-flags.ts'
import { readFlagFile, readPair, selfSigned } from '../read-pem.ts'
import type { Component, ComponentContext } from '../run-component.ts'
import { tlsOptions } from '../tls-options.ts'
import { bootstrapped, rotatingConfig, startRotation } from './certificates/kubelet-certificates.ts'
import { readCredentialProviders } from './credential-provider-config.ts'
import { delegatedAccess } from './delegated-access.ts'
import { type KubeletFlags, kubeletFlags } from './kubelet-flags.ts'
import { type KubeletOptions, kubeletOptions } from './kubelet-options.ts'
import { configzPage } from './shown-config.ts'

const program = 'kubelet'

/** The pair that was given, or one of its own; and whose certificates count. */
function tlsOf({ flags, nodeName, addresses }: KubeletOptions): KubeletTls {
  const given = readPair(
    ['tls-cert-file', 'tls-private-key-file'],
    [flags['tls-cert-file'], flags['tls-private-key-file']],
  )
  const names = [...new Set([nodeName, ...addresses])]
  const serving = given ?? selfSigned({ folder: flags['cert-dir'], name: program, names })
  const clientCa = readFlagFile('client-ca-file', flags['client-ca-file'])
  return {
    ...{ key: serving.keyPem, cert: serving.certificatePem },
    ...tlsOptions(flags),
    ...defined({ clientCa }),
  }
}

/** Shows what the flags' files hold now, and believes the authorities in them, as soon as they change. */
function followFiles(flags: KubeletFlags, server: KubeletServer, { logger, stops }: ComponentContext): void {
  const [certificate, key] = [flags['tls-cert-file'], flags['tls-private-key-file']]
  const files = defined({
    serving: certificate === undefined || key === undefined ? undefined : { certificate, key },
    client: flags['client-ca-file'],
  })
  if (files.serving === undefined && files.client === undefined) return
  const show = ({ serving, client }: ReadCertificates): void =>
    server.replaceTls({
      ...(serving === undefined ? {} : { cert: serving.certificatePem, key: serving.keyPem }),
      ...(client === undefined ? {} : { clientCa: client }),
    })
  stops.push(followCertificates(files, logger, show))
}

interface Served {
  readonly tls: KubeletTls
  readonly api: KubeletApi
  readonly client: Client
  readonly metrics: Metrics
  /** All flags as they were given. */
  readonly texts: Readonly<Record<string, string>>
}

/** The agent's ways in: HTTPS, health, and what everyone may read. */
async function serve(
  options: KubeletOptions,
  { tls, api, client, metrics, texts }: Served,
  { logger, stops }: ComponentContext,
): Promise<KubeletServer> {
  const { flags, nodeName, systemLogs } = options
  const shared = { api, host: realHost, metrics }
  const server = new KubeletServer({
    ...{ ...shared, address: flags.address, port: flags.port },
    tls,
    pages: new Map([
      ...kubeletPages(realHost, featureGates(flags['feature-gates']), texts),
      ['configz', configzPage(options)],
    ]),
    ...(systemLogs === undefined ? {} : { nodeLogs: { directory: '/var/log', queries: systemLogs.queries } }),
    access: delegatedAccess({
      ...{ host: realHost, logger, client, nodeName, anonymous: flags['anonymous-auth'] },
      ...defined({ tokenLifeMs: tokenLife(flags), authorization: authorization(flags) }),
    }),
  })
  await server.start()
  stops.push(() => server.stop())
  const readOnly = new KubeletRequests({ ...shared, readOnly: true, admit: async () => {} })
  const handle = readOnly.serve.bind(readOnly)
  const { 'read-only-port': readOnlyPort, 'healthz-port': healthPort } = flags
  if (readOnlyPort !== 0)
    stops.push(await startPlainServer({ address: flags.address, port: readOnlyPort, handle }))
  const healthAddress = flags['healthz-bind-address']
  if (healthPort !== 0)
    stops.push(await startPlainServer({ address: healthAddress, port: healthPort, handle: serveHealth }))
  return server
}

const tokenLife = (flags: KubeletFlags): number | undefined =>
  flags['authentication-token-webhook'] ? flags['authentication-token-webhook-cache-ttl'] : undefined

function authorization(flags: KubeletFlags) {
  if (flags['authorization-mode'] === 'AlwaysAllow') return undefined
  return {
    allowedLifeMs: flags['authorization-webhook-cache-authorized-ttl'],
    deniedLifeMs: flags['authorization-webhook-cache-unauthorized-ttl'],
  }
}

/** Throws where the machine swaps: the file has a line for each place, below its heading. */
async function refuseSwap(): Promise<void> {
  const places = await readFile('/proc/swaps', 'utf8').catch(() => '')
  if (places.trim().split('\n').length > 1) {
    throw new Error(
      'running with swap on is not supported, please disable swap or set --fail-swap-on flag to false',
    )
  }
}

/** Both flags, or neither. */
function credentialProviders(flags: KubeletFlags): ConfiguredProviders | undefined {
  const { 'image-credential-provider-config': config, 'image-credential-provider-bin-dir': folder } = flags
  if (config === undefined || folder === undefined) return undefined
  return readCredentialProviders(config, folder, featureGates(flags['feature-gates']))
}

/** Where it has static pods from. */
function manifestsOf({ flags, nodeName }: KubeletOptions, logger: Logger): readonly ManifestSource[] {
  const shared = { host: realHost, logger, nodeName }
  const { 'pod-manifest-path': path, 'manifest-url': url, 'manifest-url-header': headers } = flags
  return [
    ...(path === undefined
      ? []
      : [manifestFolder({ ...shared, path, everyMs: flags['file-check-frequency'] })]),
    ...(url === '' ? [] : [manifestUrl({ ...shared, url, headers, everyMs: flags['http-check-frequency'] })]),
  ]
}

/** Where the runtime says that it keeps images. */
async function imageDirectory(runtime: CriRuntime): Promise<string | undefined> {
  const [first] = await runtime.imageFsInfo()
  return first?.fsId?.mountpoint
}

/** `kubelet`, with a container runtime of the machine's, against an API server. */
export const kubelet: Component<typeof kubeletFlags> = {
  program,
  flags: kubeletFlags,
  start: async (values, context) => {
    const { logger, stops, given } = context
    const options = kubeletOptions(values, given, hostname())
    const { flags, nodeName, addresses } = options
    if (flags.kubeconfig === undefined)
      throw new FlagError('--kubeconfig must be specified: a node without an API server is not there')
    if (process.getuid?.() !== 0)
      throw new Error(`kubelet needs to run as uid \`0\`. It is being run as ${process.getuid?.()}`)
    await bootstrapped(options, context)
    const config = rotatingConfig(options, readKubeconfig('kubeconfig', flags.kubeconfig, undefined))
    if (flags['fail-swap-on']) await refuseSwap()
    const tls = tlsOf(options)
    useAdministratorPath()
    const metrics = createMetrics()
    const limits = { metrics, perSecond: flags['kube-api-qps'], burst: flags['kube-api-burst'] }
    const { client, reconnect } = ownConnection(config, { userAgent: program, ...limits }, stops)
    const informers = createInformerFactory({ client, host: realHost, logger })
    stops.push(() => informers.stop())
    const containers = new CriRuntime(options.socket)
    stops.push(() => containers.close())
    const wasm = wasmHandler({ host: realHost, imageDirectory: join(options.rootDirectory, 'modules') })
    stops.push(() => wasm.close())
    const runtime = new RuntimesByHandler(containers, wasm)
    containers.observeLists(relistMetrics(metrics))
    const node = await startLinuxNode({
      ...{ client, informers, host: realHost, logger, metrics, runtime, nodeName, addresses },
      ...{ port: flags.port, version: kubernetesVersion, cgroupPrefix: options.cgroupPrefix },
      ...defined({ imageDirectory: await imageDirectory(containers), resolvConf: flags['resolv-conf'] }),
      ...defined({ imageMounts: await containers.imageMounts() }),
      rootDirectory: options.rootDirectory,
      cgroupDriver: flags['cgroup-driver'],
      clusterDns: flags['cluster-dns'],
      clusterDomain: flags['cluster-domain'],
      labels: Object.fromEntries(flags['node-labels']),
      taints: flags['register-with-taints'],
      maxPods: flags['max-pods'],
      serialPulls: flags['serialize-image-pulls'],
      tuning: options.tuning,
      podTuning: options.podTuning,
      ...defined({ credentialProviders: credentialProviders(flags) }),
      manifests: manifestsOf(options, logger),
      shutdownPeriods: options.shutdownPeriods,
      logLimits: options.logLimits,
    })
    stops.push(() => node.stop())
    const server = await serve(
      options,
      { tls, api: node.kubelet.api, client, metrics, texts: flagTexts(kubeletFlags, values) },
      context,
    )
    followFiles(flags, server, context)
    startRotation(options, { client, metrics, server, reconnect }, context)
  },
}
