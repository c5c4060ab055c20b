import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { realHost } from '../../../src/base/host/real-host.ts'
import { createHttpsTransport } from '../../../src/client/https/https-transport.ts'
import { type KubeconfigContext, parseKubeconfig } from '../../../src/client/https/kubeconfig.ts'
import { Cluster } from '../../../src/cluster/index.ts'
import { type Lack, suiteName } from '../../e2e/support/requirements.ts'
import { Api } from './api.ts'
import { type RawAnswer, type RawRequest, rawRequest } from './raw.ts'

export interface Ground {
  readonly cluster: Cluster
  /** The administrator's requests, over HTTPS. */
  readonly api: Api
  /** A namespace of the behaviour's own. */
  readonly namespace: string
  /** A GET, or with a body a POST, that accepts what the behaviour chooses. */
  raw(path: string, accept: string, body?: object): Promise<RawAnswer>
  /** As it is, whatever the answer. */
  send(path: string, of: RawRequest): Promise<RawAnswer>
}

export type Behave<G = Ground> = (ground: G) => Promise<void>

/** Behaviours by their names on upstream's list. */
export type Table<G = Ground> = Readonly<Record<string, Behave<G>>>

const listed = new Set(
  readFileSync(join(import.meta.dirname, '../behaviours.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== ''),
)

/** Its behaviours; one that is not on upstream's list is an error. */
export function listedRows<G>(table: Table<G>): readonly (readonly [name: string, behave: Behave<G>])[] {
  const rows = Object.entries(table)
  for (const [name] of rows) {
    if (!listed.has(name)) throw new Error(`behaviours.txt does not list ${JSON.stringify(name)}`)
  }
  return rows
}

/**
 * Tests on one embedded cluster, each named as the behaviour of upstream's list that it shows; a name that is not
 * on the list is an error. Behaviours run one after another, each in a namespace of its own.
 */
export function behaviours(title: string, table: Table, lack: Lack = []): void {
  describe.skipIf(lack.length > 0)(suiteName(title, lack), () => {
    let cluster: Cluster
    let api: Api
    let to: KubeconfigContext

    beforeAll(async () => {
      cluster = await Cluster.start({ nodes: 2, runtime: 'simulated' })
      to = parseKubeconfig(cluster.kubeconfig, '/')
      api = new Api(createHttpsTransport({ host: realHost, ...to }))
    })

    afterAll(async () => {
      await api.transport.close()
      await cluster.stop()
    })

    for (const [index, [name, behave]] of listedRows(table).entries()) {
      test(name, async () => {
        const namespace = `test-${index}`
        await api.create('/api/v1/namespaces', { metadata: { name: namespace } })
        await behave({
          cluster,
          api,
          namespace,
          send: (path, of) => rawRequest(to, path, of),
          raw: (path, accept, body) =>
            rawRequest(to, path, { accept, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
        })
      })
    }
  })
}
