import { createServer, type Server } from 'node:http'
import { resolve } from 'node:path'
import { defined } from '../../../base/defined.ts'
import { commonFlags } from '../flags/common-flags.ts'
import { boolean, int, list, path, text } from '../flags/flag-types.ts'
import { FlagError } from '../flags/parse-flags.ts'
import type { Component } from '../run-component.ts'
import { type FrontStore, storePath } from './front-store.ts'

const flags = {
  ...commonFlags,
  name: text('A name; nobody asks for it.', 'default'),
  'data-dir': path('Where objects are kept.'),
  'listen-client-urls': list('Where the API server comes to.', ['http://localhost:2379']),
  'advertise-client-urls': list('As listen-client-urls.'),
  'listen-peer-urls': list('There are no peers: it has no effect.'),
  'initial-advertise-peer-urls': list('There are no peers: it has no effect.'),
  'initial-cluster': text('There are no peers: it has no effect.'),
  'quota-backend-bytes': int('How large the store may grow; 0: 2 GiB.', 0, { min: 0 }),
  'unsafe-no-fsync': boolean('What is acknowledged need not be on the disk yet.', false),
  'log-level': text('Has no effect: --v says how much is logged.', 'info'),
}

/** What is asked of etcd in tests, but for its gRPC API. */
function serve(store: FrontStore): Server {
  const answers: Readonly<Record<string, object>> = {
    '/health': { health: 'true', reason: '' },
    '/version': { etcdserver: '3.6.0', etcdcluster: '3.6.0' },
    [storePath]: store,
  }
  return createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '/', 'http://etcd').pathname]
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(answer === undefined ? '' : JSON.stringify(answer))
  })
}

async function listen(server: Server, url: string): Promise<void> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'http:')
    throw new FlagError(`--listen-client-urls: ${url} is not plain HTTP, which is all there is`)
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }, () => done())
  })
}

/**
 * What envtest starts as `etcd`: stands in front of the store that is inside our API server. It answers health checks
 * and tells our API server where to keep its objects.
 */
export const etcdFront: Component<typeof flags> = {
  program: 'etcd',
  flags,
  start: async (values, { stops }) => {
    const directory = resolve(values['data-dir'] ?? `${values.name}.etcd`)
    const quotaBackendBytes = values['quota-backend-bytes'] || undefined
    const store = { ...defined({ quotaBackendBytes }), directory, unsynced: values['unsafe-no-fsync'] }
    for (const url of values['listen-client-urls']) {
      const server = serve(store)
      stops.push(() => {
        server.close()
        server.closeAllConnections()
      })
      await listen(server, url)
    }
  },
}
