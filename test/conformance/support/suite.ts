import { readFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { realHost } from '../../../src/base/host/real-host.ts'
import { createHttpsTransport } from '../../../src/client/https/https-transport.ts'
import { type KubeconfigContext, parseKubeconfig } from '../../../src/client/https/kubeconfig.ts'
import { Cluster } from '../../../src/cluster/index.ts'
import { Api } from './api.ts'

export interface RawAnswer {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

export interface Ground {
  readonly cluster: Cluster
  /** The administrator's requests, over HTTPS. */
  readonly api: Api
  /** A namespace of the behaviour's own. */
  readonly namespace: string
  /** A GET, or with a body a POST, that accepts what the behaviour chooses. */
  raw(path: string, accept: string, body?: object): Promise<RawAnswer>
}

export type Behave = (ground: Ground) => Promise<void>

const listed = new Set(
  readFileSync(join(import.meta.dirname, '../behaviours.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== ''),
)

function rawRequest(to: KubeconfigContext, path: string, accept: string, body?: object): Promise<RawAnswer> {
  const options: RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    headers: { accept, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ca: to.certificateAuthority,
    cert: to.clientCertificate,
    key: to.clientKey,
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, to.server), options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          text,
        }),
      )
    })
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/**
 * Tests on one embedded cluster, each named as the behaviour of upstream's list that it shows; a name that is not
 * on the list is an error. Behaviours run one after another, each in a namespace of its own.
 */
export function behaviours(title: string, table: Readonly<Record<string, Behave>>): void {
  describe(title, () => {
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

    for (const [index, [name, behave]] of Object.entries(table).entries()) {
      if (!listed.has(name)) throw new Error(`behaviours.txt does not list ${JSON.stringify(name)}`)
      test(name, async () => {
        const namespace = `test-${index}`
        await api.create('/api/v1/namespaces', { metadata: { name: namespace } })
        await behave({
          cluster,
          api,
          namespace,
          raw: (path, accept, body) => rawRequest(to, path, accept, body),
        })
      })
    }
  })
}
