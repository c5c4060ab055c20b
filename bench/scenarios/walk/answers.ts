import type { Connection } from '../../load/connection.ts'
import type { Report } from '../../report.ts'
import type { Runtime } from '../../server/start-server.ts'
import { query } from './cluster-dns.ts'
import { histogramQuantile } from './histogram.ts'
import { oneByOne } from './one-by-one.ts'

const count = 1000
const path = '/api/v1/namespaces/default/configmaps/kube-root-ca.crt'

/** What the server itself has counted, and how fast it answers small questions. */
export async function answers(connection: Connection, runtime: Runtime, report: Report): Promise<void> {
  const get = await oneByOne(count, () => connection.expect({ path }))
  report.extra('GET, p99 of 1,000', 'ms', get.p99Ms, { medianMs: get.medianMs })
  const { body } = await connection.send({ path: '/metrics', accept: 'text/plain' })
  const metrics = body.toString()
  const secondsOf = (name: string): number => histogramQuantile(metrics, name, 0.99) * 1000
  report.extra('fsync, p99 (bucket)', 'ms', secondsOf('etcd_disk_wal_fsync_duration_seconds'))
  report.extra(
    'scheduling attempt, p99 (bucket)',
    'ms',
    secondsOf('scheduler_scheduling_attempt_duration_seconds'),
  )
  if (runtime !== 'containerd') return
  const name = 'kubernetes.default.svc.cluster.local'
  const dns = await oneByOne(count, () => query('10.96.0.10', name))
  report.extra('DNS, p99 of 1,000', 'ms', dns.p99Ms, { medianMs: dns.medianMs })
}
