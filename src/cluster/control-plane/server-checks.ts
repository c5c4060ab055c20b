import { type HealthCheck, ping } from '../../base/health-checks.ts'

/** What is asked of a running server. */
interface CheckedServer {
  /** Its store: rejects where it does not answer within `timeoutMs`. */
  probe(timeoutMs: number): Promise<void>
  /** Whether its caches are in step with the store. */
  inStep(): boolean
  isStopping(): boolean
}

/** How long the store may take to answer, for `/livez` and for `/readyz`. */
export interface ProbeTimeouts {
  readonly healthMs: number
  readonly readyMs: number
}

/** Upstream's `--etcd-healthcheck-timeout`, and `--etcd-readycheck-timeout`. */
export const defaultProbeTimeouts: ProbeTimeouts = { healthMs: 2_000, readyMs: 2_000 }

const refuseIf = (wrong: boolean, message: string): void => {
  if (wrong) throw new Error(message)
}

/** What `/livez` and `/readyz` ask, beside the stages of the start, under upstream's names. */
export const serverChecks = (
  server: CheckedServer,
  { healthMs, readyMs }: ProbeTimeouts,
): readonly HealthCheck[] => [
  ping,
  // Upstream's shows that logging does not hold up the server: where one thread does both, answering shows it.
  { ...ping, name: 'log' },
  { name: 'etcd', check: () => server.probe(healthMs) },
  { name: 'etcd-readiness', onlyReady: true, check: () => server.probe(readyMs) },
  {
    name: 'informer-sync',
    onlyReady: true,
    check: () => refuseIf(!server.inStep(), 'the caches are not in step with the store'),
  },
  {
    name: 'shutdown',
    onlyReady: true,
    check: () => refuseIf(server.isStopping(), 'process is shutting down'),
  },
]
