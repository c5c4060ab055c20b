import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { Connection, type Request } from '../../load/connection.ts'
import type { Flood } from '../../load/flooder.ts'
import { keepInFlight, type Throughput } from '../../load/keep-in-flight.ts'
import { configMap, namespaceNamed } from '../../load/objects.ts'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { startServer } from '../../server/start-server.ts'

const namespace = 'flood'
const core = `/api/v1/namespaces/${namespace}`
const maps = `${core}/configmaps`
const group = '/apis/rbac.authorization.k8s.io/v1'
const stored = 1_000
const sample = 500
const connections = 4
const atOnce = 50

/** What the flooder asks for; `$` is another number each time. */
const floods: Readonly<Record<string, Request>> = {
  gets: { path: `${maps}/map-0` },
  lists: { path: maps },
  creates: { method: 'POST', path: maps, body: configMap(namespace, 'new-$') },
}

const script = new URL('../../load/flooder.ts', import.meta.url)
/** Of the flooder: it takes what server and measurement leave, as a client on a machine of its own would not hinder them. */
const niceness = 10

/** Measures while a process floods; gives how many of its requests were answered as well. */
async function during<T>(flood: Flood, measure: () => Promise<T>): Promise<{ result: T; answered: number }> {
  const flooder = fork(script)
  setPriority(flooder.pid ?? 0, niceness)
  const next = async (): Promise<unknown> => (await once(flooder, 'message'))[0]
  const begun = next()
  flooder.send(flood)
  await begun
  const result = await measure()
  const stopped = next()
  flooder.send('stop')
  return { result, answered: Number(await stopped) }
}

/** What one client waits for while another, of the same priority level, asks for all that it can. */
export async function flood(options: BenchOptions, report: Report): Promise<void> {
  const server = await startServer()
  const session = await Connection.open(server.credentials)
  const post = (path: string, body: object) =>
    session.ask<{ readonly status: { readonly token: string } }>({ method: 'POST', path, body })
  await post('/api/v1/namespaces', namespaceNamed(namespace))
  await keepInFlight(stored, options.flight, async (index) => {
    await post(maps, configMap(namespace, `map-${index}`))
  })
  const accountOf = async (name: string): Promise<string> => {
    await post(`${core}/serviceaccounts`, { metadata: { name } })
    await post(`${group}/namespaces/${namespace}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name }],
    })
    return (await post(`${core}/serviceaccounts/${name}/token`, { spec: {} })).status.token
  }
  const [noisy, quiet] = [await accountOf('noisy'), await accountOf('quiet')]
  const own = await Connection.openNameless(server.credentials)
  const measure = (): Promise<Throughput> =>
    keepInFlight(sample, 1, async () => {
      await own.send({ path: `${maps}/map-1`, token: quiet })
    })
  /** What is left where nobody waits for seats: the event loop's part. */
  const measureExempt = (): Promise<Throughput> =>
    keepInFlight(sample, 1, async () => {
      await session.send({ path: `${maps}/map-1` })
    })
  await measure()
  const calm = await measure()
  report.extra('a get, one at a time, while nobody else asks: p99', 'ms', calm.p99Ms, { p50Ms: calm.p50Ms })
  const { server: url, ca } = server.credentials
  for (const [name, request] of Object.entries(floods)) {
    const flooding = {
      ...{ server: url, ca: ca.toString() },
      connections,
      atOnce,
      request: { ...request, token: noisy },
    }
    const { result, answered } = await during(flooding, async () => ({
      limited: await measure(),
      exempt: await measureExempt(),
    }))
    const { p50Ms, p99Ms } = result.limited
    const exemptP99Ms = result.exempt.p99Ms
    report.extra(`the same, while one client floods with ${name}: p99`, 'ms', p99Ms, {
      ...{ p50Ms, exemptP99Ms, answered },
    })
  }
  own.close()
  session.close()
  await server.stop()
}
