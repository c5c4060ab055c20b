import type { FeatureGates } from '../../apimachinery/feature-gates.ts'
import type { Endpoint } from '../../apiserver/endpoint.ts'
import { defined } from '../../base/defined.ts'
import { createMetrics } from '../../base/host/metrics.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Metrics } from '../../base/metrics.ts'
import { sleep } from '../../base/sleep.ts'
import type { KubeconfigContext } from '../../client/https/kubeconfig.ts'
import { wrongElectionTimes } from '../../reconcile/leader-election.ts'
import { ownAddress } from '../place.ts'
import { showRelease } from '../release-metrics.ts'
import { zPages } from '../z-pages.ts'
import { certificateFiles } from './certificate-files.ts'
import { type ComponentHealth, componentPaths, startComponentServer } from './component-server.ts'
import { type ApiConnection, type ConnectionOptions, connect, readKubeconfig } from './connection.ts'
import { clientFlags, leaderFlags, ownServerFlags } from './flags/client-flags.ts'
import { commonFlags, secureServingFlags } from './flags/common-flags.ts'
import { FlagError, type FlagValues } from './flags/parse-flags.ts'
import { frontProxyTrust } from './front-proxy-flags.ts'
import { readPair, selfSigned } from './read-pem.ts'
import type { LeaderSettings } from './run-as-leader.ts'
import type { ComponentContext } from './run-component.ts'
import { transportOptions } from './tls-options.ts'

/** What the controller manager and the scheduler have in common. */
export const componentFlags = (
  name: string,
  own: { readonly port: number; readonly toleratesLookupFailure: boolean },
  rate: { readonly perSecond: number; readonly burst: number },
) => ({
  ...commonFlags,
  ...secureServingFlags(''),
  ...clientFlags(rate.perSecond, rate.burst),
  ...leaderFlags(name),
  ...ownServerFlags(own.port, own.toleratesLookupFailure),
})

export type ComponentFlags = FlagValues<ReturnType<typeof componentFlags>>

/** Throws FlagError for times with which two could lead at once, or nobody for long. */
export function leaderSettings(flags: ComponentFlags): LeaderSettings {
  const times = {
    leaseDurationMs: flags['leader-elect-lease-duration'],
    renewDeadlineMs: flags['leader-elect-renew-deadline'],
    retryPeriodMs: flags['leader-elect-retry-period'],
  }
  const elect = flags['leader-elect']
  const wrong = elect ? wrongElectionTimes(times) : undefined
  if (wrong !== undefined) throw new FlagError(`couldn't create leader elector: ${wrong}`)
  const name = flags['leader-elect-resource-name']
  return { elect, ...times, name, namespace: flags['leader-elect-resource-namespace'] }
}

/** The API server that a component works for, from `--kubeconfig` and `--master`. */
export function kubeconfigOf(flags: Pick<ComponentFlags, 'kubeconfig' | 'master'>): KubeconfigContext {
  const { kubeconfig, master } = flags
  if (kubeconfig !== undefined) return readKubeconfig('kubeconfig', kubeconfig, master)
  if (master === undefined) throw new FlagError('--kubeconfig or --master must be specified')
  return { server: master, namespace: 'default' }
}

/** Between two looks for an API server that is not there yet. */
const serverRetryMs = 500
const unlimited = { perSecond: -1, burst: 1 }

export interface ServedComponent {
  readonly program: string
  readonly flags: ComponentFlags
  /** All flags as they were given. */
  readonly texts: Readonly<Record<string, string>>
  readonly features: FeatureGates
  readonly health: ComponentHealth
  /** Of its own, beside those that all have. */
  readonly pages?: readonly Endpoint[]
}

/** Serves the component's health and metrics, unless the port is 0; gives the metrics' registry. */
export async function serveComponent(
  { program, flags, texts, features, health, pages = [] }: ServedComponent,
  { logger, stops }: ComponentContext,
): Promise<Metrics> {
  const metrics = createMetrics()
  showRelease(metrics, features)
  if (flags['secure-port'] === 0) return metrics
  const clientOf = (
    flag: 'authentication-kubeconfig' | 'authorization-kubeconfig',
  ): ApiConnection | undefined => {
    const file = flags[flag]
    if (file === undefined) return undefined
    const connection = connect(readKubeconfig(flag, file, undefined), { userAgent: program, ...unlimited })
    stops.push(() => connection.transport.close())
    return connection
  }
  const given = readPair(
    ['tls-cert-file', 'tls-private-key-file'],
    [flags['tls-cert-file'], flags['tls-private-key-file']],
  )
  const names = ['localhost', '127.0.0.1', ownAddress() ?? '127.0.0.1']
  const folder = flags['cert-dir'] === '' ? undefined : flags['cert-dir']
  const stop = await startComponentServer({
    logger,
    ...{ address: flags['bind-address'], port: flags['secure-port'], ...transportOptions(flags) },
    serving: given ?? selfSigned({ folder, name: program, names: [...new Set(names)] }),
    access: {
      openPaths: flags['authorization-always-allow-paths'],
      tokenLifeMs: flags['authentication-token-webhook-cache-ttl'],
      allowedLifeMs: flags['authorization-webhook-cache-authorized-ttl'],
      deniedLifeMs: flags['authorization-webhook-cache-unauthorized-ttl'],
      ...defined({
        authentication: clientOf('authentication-kubeconfig')?.client,
        authorization: clientOf('authorization-kubeconfig')?.client,
      }),
    },
    frontProxy: frontProxyTrust(flags),
    looksUp: !flags['authentication-skip-lookup'],
    toleratesLookupFailure: flags['authentication-tolerate-lookup-failure'],
    metrics: () => metrics.expose(),
    health,
    pages: [
      ...zPages({ host: realHost, features, name: program, flags: texts, paths: () => componentPaths }),
      ...pages,
    ],
    files: certificateFiles(flags),
  })
  stops.push(stop)
  return metrics
}

/** A connection as the kubeconfig's user. */
export function ownConnection(
  config: KubeconfigContext,
  options: ConnectionOptions,
  stops: ComponentContext['stops'],
): ApiConnection {
  const connection = connect(config, options)
  stops.push(() => connection.transport.close())
  return connection
}

/** Resolves when the API server is ready to be worked with: components may be started in any order. */
export async function waitForServer({ transport }: ApiConnection, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await transport.request({ method: 'GET', path: '/api', signal })
      return
    } catch {
      await sleep(realHost, serverRetryMs, signal)
    }
  }
}
