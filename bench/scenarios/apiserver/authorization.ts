import { Connection } from '../../load/connection.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import { configMap, namespaceNamed } from '../../load/objects.ts'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { startServer } from '../../server/start-server.ts'

/** Roles that the one who asks has nothing to do with, and as many bindings, in his namespace and cluster-wide. */
const sizes = [0, 1_000, 10_000] as const
const sample = 5_000
const namespace = 'authorization'
const group = '/apis/rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const core = `/api/v1/namespaces/${namespace}`
const rbac = `${group}/namespaces/${namespace}`

const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]
const binding = (name: string, role: string, subject: object): object => ({
  metadata: { name },
  roleRef: { apiGroup, kind: 'Role', name: role },
  subjects: [subject],
})

/** What a decision costs who has one role, with more and more roles and bindings of others. */
export async function authorization(options: BenchOptions, report: Report): Promise<void> {
  const server = await startServer()
  const session = await Connection.open(server.credentials)
  const post = async (path: string, body: object): Promise<void> => {
    await session.expect({ method: 'POST', path, body })
  }
  await post('/api/v1/namespaces', namespaceNamed(namespace))
  await post(`${core}/serviceaccounts`, { metadata: { name: 'guest' } })
  await post(`${core}/configmaps`, configMap(namespace, 'read'))
  await post(`${rbac}/roles`, { metadata: { name: 'reads' }, rules })
  await post(`${rbac}/rolebindings`, binding('reads', 'reads', { kind: 'ServiceAccount', name: 'guest' }))
  const { status } = await session.ask<{ readonly status: { readonly token: string } }>({
    method: 'POST',
    path: `${core}/serviceaccounts/guest/token`,
    body: { spec: {} },
  })
  const guest = await Connection.openNameless(server.credentials)
  let stored = 0
  for (const size of sizes) {
    const first = stored
    stored = size
    await keepInFlight(size - first, options.flight, async (index) => {
      const name = `other-${first + index}`
      const subject = { kind: 'User', apiGroup, name: `user-${first + index}` }
      await post(`${rbac}/roles`, { metadata: { name }, rules })
      await post(`${rbac}/rolebindings`, binding(name, name, subject))
      await post(`${group}/clusterrolebindings`, {
        ...binding(name, 'view', subject),
        roleRef: { apiGroup, kind: 'ClusterRole', name: 'view' },
      })
    })
    const ask = (path: string) => async (): Promise<void> => {
      await guest.send({ path, token: status.token })
    }
    // Once for the caches of code and token.
    await keepInFlight(sample, options.flight, ask(`${core}/configmaps/read`))
    const allowed = await keepInFlight(sample, options.flight, ask(`${core}/configmaps/read`))
    const refused = await keepInFlight(sample, options.flight, ask(`${core}/secrets/read`))
    report.extra(
      `with ${size.toLocaleString('en')} other roles: gets of one role's holder`,
      '/s',
      allowed.perSecond,
      {
        refusedPerSecond: refused.perSecond,
        p99Ms: allowed.p99Ms,
      },
    )
  }
  guest.close()
  session.close()
  await server.stop()
}
