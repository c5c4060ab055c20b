import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { realHost } from '../base/host/real-host.ts'
import { createHttpsTransport } from '../client/https/https-transport.ts'
import { Cluster, Secret } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, contents: object): string => {
  writeFileSync(join(folder, name), stringify(contents))
  return join(folder, name)
}

/** Code of a request without a credential. */
async function anonymously(server: string, path: string): Promise<number> {
  const transport = createHttpsTransport({ host: realHost, server, insecureSkipTlsVerify: true })
  try {
    return (await transport.request({ method: 'GET', path })).status
  } catch (error) {
    return error instanceof Error ? Number(Reflect.get(error, 'code')) : 0
  } finally {
    await transport.close()
  }
}

it('Cluster.start() takes files of audit, encryption, authentication and authorization', async () => {
  const version = 'apiserver.config.k8s.io/v1'
  const key = Buffer.alloc(32, 7).toString('base64')
  const store = join(folder, 'data')
  const cluster = await Cluster.start({
    ...{ nodes: 0, storage: 'lmdb', dataDirectory: store },
    apiServerFiles: {
      'audit-policy-file': write('policy.yaml', {
        ...{ apiVersion: 'audit.k8s.io/v1', kind: 'Policy' },
        rules: [{ level: 'Metadata', resources: [{ group: '', resources: ['secrets'] }] }],
      }),
      'audit-log-path': join(folder, 'audit.log'),
      'encryption-provider-config': write('encryption.yaml', {
        ...{ apiVersion: version, kind: 'EncryptionConfiguration' },
        resources: [
          { resources: ['secrets'], providers: [{ aesgcm: { keys: [{ name: 'k', secret: key }] } }] },
        ],
      }),
      'authentication-config': write('authentication.yaml', {
        ...{ apiVersion: version, kind: 'AuthenticationConfiguration' },
        anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
      }),
      'authorization-config': write('authorization.yaml', {
        ...{ apiVersion: version, kind: 'AuthorizationConfiguration' },
        authorizers: [
          { type: 'Node', name: 'node' },
          { type: 'RBAC', name: 'rbac' },
        ],
      }),
    },
  })
  try {
    const value = 'bm90IHRvIGJlIHNlZW4='
    await cluster.client
      .resource(Secret)
      .create({ metadata: { name: 'token', namespace: 'default' }, data: { value } })
    const log = readFileSync(join(folder, 'audit.log'), 'utf8')
    expect(log).toContain('"objectRef":{"resource":"secrets","namespace":"default","name":"token"')
    expect(log).not.toContain(value)
    const server: string = parse(cluster.kubeconfig).clusters[0].cluster.server
    expect(await anonymously(server, '/livez')).toBe(200)
    expect(await anonymously(server, '/version')).toBe(401)
  } finally {
    await cluster.stop()
  }
  const files = readdirSync(join(store, 'store')).map((name) => readFileSync(join(store, 'store', name)))
  expect(files.some((bytes) => bytes.includes('k8s:enc:aesgcm:v1:k:'))).toBe(true)
  expect(files.some((bytes) => bytes.includes('not to be seen'))).toBe(false)
})
