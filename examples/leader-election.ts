import {
  type Client,
  createLogger,
  createMetrics,
  EventRecorder,
  realHost as host,
  runLeaderElection,
} from 'timonel'

export interface Candidate {
  readonly client: Client
  readonly namespace: string
  /** The Lease that all candidates want. */
  readonly lease: string
  /** Unique among the candidates; the name of the pod, say. */
  readonly identity: string
  /** What only one of them may do. Ends soon after its signal aborts. */
  readonly work: (signal: AbortSignal) => Promise<void>
}

/** How soon another candidate takes over from one that has gone without a word; upstream's are 15, 10 and 2 s. */
const times = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 500 }

/** Does the work whenever this candidate leads, until the signal. `frozen` candidates leave their lease to expire. */
export async function runCandidate(
  { client, namespace, lease, identity, work }: Candidate,
  signal: AbortSignal,
  { releases = true }: { readonly releases?: boolean } = {},
): Promise<void> {
  const logger = createLogger({ level: 'error' })
  const events = new EventRecorder({ client, host, logger, component: identity })
  while (!signal.aborted) {
    const options = {
      client,
      host,
      logger,
      metrics: createMetrics(),
      events,
      namespace,
      name: lease,
      identity,
      ...times,
    }
    await runLeaderElection(
      { ...options, lead: (leadership) => work(leadership.signal), releaseOnCancel: releases },
      signal,
    )
  }
  await events.stop()
}
