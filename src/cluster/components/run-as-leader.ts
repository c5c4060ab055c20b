import type { HealthCheck } from '../../base/health-checks.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import type { AnyController } from '../../reconcile/controller.ts'
import { type Leadership, runLeaderElection } from '../../reconcile/leader-election.ts'
import { leaseCandidate } from '../../reconcile/lease-candidate.ts'
import { startController } from '../../reconcile/start-controller.ts'
import { electionIdentity } from '../election-identity.ts'
import { kubernetesVersion } from '../version.ts'
import type { ApiConnection } from './connection.ts'

export interface LeaderSettings {
  readonly elect: boolean
  readonly leaseDurationMs: number
  readonly renewDeadlineMs: number
  readonly retryPeriodMs: number
  readonly name: string
  readonly namespace: string
}

export interface LeaderRun {
  readonly logger: Logger
  readonly metrics: Metrics
  /** Who asks for the lease; not held up by what the leader does. */
  readonly connection: ApiConnection
  readonly settings: LeaderSettings
  /** Upstream's name of the component, `kube-scheduler`. */
  readonly program: string
  /** The API server's coordinator says who leads. */
  readonly coordinated: boolean
  readonly releaseOnCancel: boolean
  /** Does the work until the signal aborts. `beforeWrite` throws once the lease may be another's. */
  readonly work: (signal: AbortSignal, beforeWrite: () => void) => Promise<void>
  readonly stops: (() => Promise<void> | void)[]
  readonly lost: (error: Error) => void
}

/** Keeps this process a candidate of a coordinated election. */
function runCandidate(run: LeaderRun, identity: string): void {
  const { logger, metrics, connection, stops, program } = run
  const { client } = connection
  const version = kubernetesVersion.slice(1)
  const declaration: AnyController = leaseCandidate({
    ...{ namespace: 'kube-system', name: identity, leaseName: program },
    ...{ binaryVersion: version, emulationVersion: version },
  })
  const informers = createInformerFactory({ client, host: realHost, logger })
  stops.push(() => informers.stop())
  const events = { event: () => {} }
  const parts = { client, informers, events, host: realHost, logger, metrics }
  const candidate = startController(declaration, parts)
  stops.push(() => candidate.stop())
}

/** Does a component's work while it leads, or at once where nobody is elected. Ends the process when the lead is lost, as upstream's do. Gives what to ask of its health. */
export function runAsLeader(run: LeaderRun): readonly HealthCheck[] {
  const { logger, metrics, connection, settings, coordinated, releaseOnCancel, work, stops, lost } = run
  const stop = new AbortController()
  const { elect, ...election } = settings
  if (!elect) {
    const working = work(stop.signal, () => {})
    working.catch(lost)
    stops.push(async () => {
      stop.abort()
      await working.catch(() => {})
    })
    return []
  }
  const identity = electionIdentity()
  if (coordinated) runCandidate(run, identity)
  const { client } = connection
  const events = new EventRecorder({ client, host: realHost, logger, component: settings.name })
  let leadership: Leadership | undefined
  const running = runLeaderElection(
    {
      ...{ ...election, client, events, host: realHost, logger, metrics },
      ...{ identity, coordinated, releaseOnCancel },
      lead: (own) => {
        leadership = own
        const { signal, checkLease } = own
        // The end of the work may take its time, the end of the lead must not.
        signal.addEventListener('abort', () => {
          if (!stop.signal.aborted) lost(new Error('leaderelection lost'))
        })
        return work(signal, checkLease)
      },
    },
    stop.signal,
  )
  running.catch((error: unknown) => lost(error instanceof Error ? error : new Error(String(error))))
  stops.push(async () => {
    stop.abort()
    await running.catch(() => {})
    await events.stop()
  })
  // Only who leads can be late with it.
  return [{ name: 'leaderElection', check: () => leadership?.checkLease() }]
}
