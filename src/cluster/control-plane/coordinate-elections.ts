import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { sleep } from '../../base/sleep.ts'
import type { Client } from '../../client/client.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import {
  leaderElectionController,
  leaseCandidateGc,
} from '../../controllers/leaderelection/leader-election-controller.ts'
import {
  defaultElectionTimes,
  type ElectionTimes,
  type Leadership,
  runLeaderElection,
} from '../../reconcile/leader-election.ts'
import { startController } from '../../reconcile/start-controller.ts'
import { electionIdentity } from '../election-identity.ts'

export interface CoordinationOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** As the API server itself. */
  readonly client: Client
  /** What `--coordinated-leadership-…` say. */
  readonly times?: ElectionTimes | undefined
}

/** As upstream, which has no recorder here either. */
const events = { event: () => {} }

async function lead(options: CoordinationOptions, { signal, checkLease }: Leadership): Promise<void> {
  const informers = createInformerFactory(options)
  const parts = { ...options, informers, events, checkLease }
  const running = [leaderElectionController, leaseCandidateGc].map((each) => startController(each, parts))
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  await Promise.all(running.map((each) => each.stop()))
  await informers.stop()
}

/** Elects leaders for other components, while this API server is the one that does. Gives what stops it. */
export function coordinateElections(options: CoordinationOptions): () => Promise<void> {
  const { host, times = {} } = options
  const stop = new AbortController()
  const identity = electionIdentity()
  const election = {
    ...{ ...options, ...times, events, identity, releaseOnCancel: true },
    ...{ namespace: 'kube-system', name: 'leader-election-controller' },
    lead: (leadership: Leadership) => lead(options, leadership),
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await runLeaderElection(election, stop.signal)
      await sleep(host, times.retryPeriodMs ?? defaultElectionTimes.retryPeriodMs, stop.signal)
    }
  }
  const running = run()
  return async () => {
    stop.abort()
    await running
  }
}
