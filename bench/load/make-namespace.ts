import type { core } from '../../src/api/generated/types/index.ts'
import type { Connection } from './connection.ts'
import { waitFor } from './wait-for.ts'

/** Resolves when pods can be created there: with the account that they run as. */
export async function makeNamespace(connection: Connection, name: string): Promise<void> {
  await connection.expect({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
  const path = `/api/v1/namespaces/${name}/serviceaccounts`
  await waitFor<core.v1.ServiceAccount>(connection, path, ({ metadata }) => metadata?.name === 'default')
}
