import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { Cluster, Secret } from './index.ts'
import { codeOf } from './testing/code-of.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, contents: object): string => {
  writeFileSync(join(folder, name), stringify(contents))
  return join(folder, name)
}

/** A server that is told of audit events. */
async function auditServer() {
  const told: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      told.push(Buffer.concat(chunks).toString())
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const kubeconfig = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}/audit` } }],
    contexts: [{ name: 'c', context: { cluster: 'c' } }],
  }
  return { told, kubeconfig, [Symbol.dispose]: () => server.close() }
}

const encryption = (...names: readonly string[]): object => ({
  ...{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration' },
  resources: [
    {
      resources: ['secrets'],
      providers: names.map((name) => ({
        aesgcm: { keys: [{ name, secret: Buffer.alloc(32, name).toString('base64') }] },
      })),
    },
  ],
})

it('Cluster.start() takes files of audit, encryption, authentication and authorization', async () => {
  const version = 'apiserver.config.k8s.io/v1'
  using audit = await auditServer()
  const store = join(folder, 'data')
  const cluster = await Cluster.start({
    ...{ nodes: 0, storage: 'lmdb', dataDirectory: store },
    apiServerFiles: {
      'audit-policy-file': write('policy.yaml', {
        ...{ apiVersion: 'audit.k8s.io/v1', kind: 'Policy' },
        rules: [{ level: 'Metadata', resources: [{ group: '', resources: ['secrets'] }] }],
      }),
      'audit-log-path': join(folder, 'audit.log'),
      'audit-webhook-config-file': write('audit.yaml', audit.kubeconfig),
      'encryption-provider-config': write('encryption.yaml', encryption('k')),
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
  const stored = (): readonly Buffer[] =>
    readdirSync(join(store, 'store')).map((name) => readFileSync(join(store, 'store', name)))
  const holds = (text: string): boolean => stored().some((bytes) => bytes.includes(text))
  const plain = 'not to be seen'
  const value = Buffer.from(plain).toString('base64')
  const about = '"objectRef":{"resource":"secrets","namespace":"default","name":"token"'
  try {
    const secrets = cluster.client.resource(Secret)
    const create = (name: string) =>
      secrets.create({ metadata: { name, namespace: 'default' }, data: { value } })
    await create('token')
    const log = readFileSync(join(folder, 'audit.log'), 'utf8')
    expect(log).toContain(about)
    expect(log).not.toContain(value)
    const server: string = parse(cluster.kubeconfig).clusters[0].cluster.server
    expect(await codeOf(server, '/livez')).toBe(200)
    expect(await codeOf(server, '/version')).toBe(401)
    write('encryption.yaml', encryption('next', 'k'))
    let count = 0
    await vi.waitFor(
      async () => {
        await create(`again-${count++}`)
        expect(holds('k8s:enc:aesgcm:v1:next:')).toBe(true)
      },
      { timeout: 20_000, interval: 500 },
    )
    expect(await secrets.get('default', 'token')).toMatchObject({ data: { value } })
  } finally {
    await cluster.stop()
  }
  expect(holds('k8s:enc:aesgcm:v1:k:')).toBe(true)
  const told = [readFileSync(join(folder, 'audit.log'), 'utf8'), ...audit.told].join('\n')
  expect(audit.told.some((list) => list.includes(about))).toBe(true)
  for (const text of [plain, value]) {
    expect(holds(text)).toBe(false)
    expect(told).not.toContain(text)
  }
})
