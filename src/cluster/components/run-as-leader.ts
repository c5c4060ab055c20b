import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { realHost } from '../../base/host/real-host.ts'
import type { Logger } from '../../base/logger.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import { runLeaderElection } from '../../reconcile/leader-election.ts'
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
  /** Who asks for the lease; not held up by what the leader does. */
  readonly connection: ApiConnection
  readonly settings: LeaderSettings
  /** Does the work until the signal aborts. `beforeWrite` throws once the lease may be another's. */
  readonly work: (signal: AbortSignal, beforeWrite: () => void) => Promise<void>
  readonly stops: (() => Promise<void> | void)[]
  readonly lost: (error: Error) => void
}

/** Does a component's work while it leads, or at once where nobody is elected. Ends the process when the lead is lost, as upstream's do. */
export function runAsLeader({ logger, connection, settings, work, stops, lost }: LeaderRun): void {
  const stop = new AbortController()
  const { elect, ...election } = settings
  if (!elect) {
    const working = work(stop.signal, () => {})
    working.catch(lost)
    stops.push(async () => {
      stop.abort()
      await working.catch(() => {})
    })
    return
  }
  const { client } = connection
  const events = new EventRecorder({ client, host: realHost, logger, component: settings.name })
  const running = runLeaderElection(
    {
      ...election,
      ...{ client, events, host: realHost, logger },
      identity: `${hostname()}_${randomUUID()}`,
      lead: ({ signal, checkLease }) => work(signal, checkLease),
    },
    stop.signal,
  )
  running.then(
    () => {
      if (!stop.signal.aborted) lost(new Error('leaderelection lost'))
    },
    (error: unknown) => lost(error instanceof Error ? error : new Error(String(error))),
  )
  stops.push(async () => {
    stop.abort()
    await running.catch(() => {})
    await events.stop()
  })
}
