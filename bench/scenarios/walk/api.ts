import type { Connection } from '../../load/connection.ts'
import { smallPod } from '../../load/workloads.ts'
import type { Report } from '../../report.ts'
import { oneByOne } from './one-by-one.ts'

const count = 200
const namespace = 'default'
const path = `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`

/** The first steps: each request does what the one before it does, and one thing more. */
export async function api(connection: Connection, report: Report): Promise<void> {
  const body = (index: number): object => smallPod(namespace, `dry-${index}`, 'none')
  // The code is warm when it is measured, as in a server that has been up for a while.
  await oneByOne(count, () => connection.expect({ path }))
  const read = await oneByOne(count, () => connection.expect({ path }))
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const dry = (index: number): Promise<unknown> =>
    connection.expect({ method: 'POST', path: `${pods}?dryRun=All`, body: body(index) })
  await oneByOne(count, dry)
  const admitted = await oneByOne(count, dry)
  const maps = `/api/v1/namespaces/${namespace}/configmaps`
  const map = (name: string): object => ({ metadata: { name }, data: { key: 'value' } })
  const dryMaps = await oneByOne(count, (index) =>
    connection.expect({ method: 'POST', path: `${maps}?dryRun=All`, body: map(`walk-${index}`) }),
  )
  const stored = await oneByOne(count, (index) =>
    connection.expect({ method: 'POST', path: maps, body: map(`walk-${index}`) }),
  )
  report.extra('1 API call (TLS, authentication, authorization)', 'ms', read.medianMs, { p99Ms: read.p99Ms })
  report.extra(
    '2 admission, defaults, validation of a pod',
    'ms',
    Math.max(0, admitted.medianMs - read.medianMs),
  )
  report.extra('3 store, on the disk', 'ms', Math.max(0, stored.medianMs - dryMaps.medianMs))
}
