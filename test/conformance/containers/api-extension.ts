import { expect } from 'vitest'
import { createAuthority, generateKey, issueCertificate } from '../../../src/cluster/pki/certificate.ts'
import type { Json } from '../support/api.ts'
import type { ContainerGround } from '../support/container-ground.ts'
import { hostFiles, nodeProgram, scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

const group = 'wardle.example.com'
const groupVersion = `${group}/v1alpha1`
const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices'
const apiService = `${apiServices}/v1alpha1.${group}`

interface Keys {
  readonly cert: string
  readonly key: string
  /** Who signs the front proxies' certificates. */
  readonly ca: string
}

/**
 * Serves flunders out of its memory to whoever a front proxy names, and what there is to anyone with the front
 * proxy's certificate.
 */
const program = (keys: Keys): string => `
  const groupVersion = '${groupVersion}'
  const flunders = new Map()
  let revision = 0
  const answer = (response, status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  const verbs = ['create', 'delete', 'get', 'list']
  const resources = [{ name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs }]
  const made = (body, namespace) => ({
    ...body,
    metadata: {
      ...body.metadata, namespace, uid: require('node:crypto').randomUUID(), resourceVersion: String(++revision),
    },
  })
  const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }
  const serve = ({ method, url }, body, response) => {
    const [of, version, , namespace, , name] = new URL(url, 'https://wardle').pathname.slice('/apis/'.length).split('/')
    if (of + '/' + version !== groupVersion) return answer(response, 404, missing)
    if (namespace === undefined) {
      return answer(response, 200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources })
    }
    if (method === 'POST') {
      const flunder = made(JSON.parse(body), namespace)
      flunders.set(namespace + '/' + flunder.metadata.name, flunder)
      return answer(response, 201, flunder)
    }
    if (name === undefined) {
      const items = [...flunders.values()].filter(({ metadata }) => metadata.namespace === namespace)
      const metadata = { resourceVersion: String(revision) }
      return answer(response, 200, { kind: 'FlunderList', apiVersion: groupVersion, metadata, items })
    }
    const key = namespace + '/' + name
    const flunder = flunders.get(key)
    if (flunder === undefined) return answer(response, 404, missing)
    if (method === 'DELETE') flunders.delete(key)
    answer(response, 200, flunder)
  }
  const listener = (request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => serve(request, Buffer.concat(chunks).toString(), response))
  }
  require('node:https')
    .createServer({ ...${JSON.stringify(keys)}, requestCert: true, rejectUnauthorized: true }, listener)
    .listen(6443)`

/** The server's pod, and a Service in front of it. */
async function serveExtension(ground: ContainerGround): Promise<{ readonly caBundle: string }> {
  const { data } = await ground.api.get(
    '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
  )
  const ca = (data as Record<string, string>)['requestheader-client-ca-file'] ?? ''
  const dayMs = 86_400_000
  const span = { notBeforeMs: Date.now() - dayMs, notAfterMs: Date.now() + dayMs }
  const authority = createAuthority(generateKey(), { subject: { commonName: 'wardle-ca' }, ...span })
  const name = `sample-api.${ground.namespace}.svc`
  const { certificatePem: cert, keyPem: key } = issueCertificate(authority, {
    subject: { commonName: name },
    usages: ['server'],
    names: [name],
    ...span,
  })
  await ground.start(
    scriptPod('sample-api', '', {
      labels: { app: 'sample-api' },
      spec: {
        containers: [
          nodeProgram('main', program({ cert, key, ca }), {
            readinessProbe: { tcpSocket: { port: 6443 }, periodSeconds: 1 },
          }),
        ],
        volumes: [hostFiles],
      },
    }),
  )
  await ground.create('services', {
    metadata: { name: 'sample-api' },
    spec: { selector: { app: 'sample-api' }, ports: [{ port: 7443, targetPort: 6443 }] },
  })
  await ground.ready('sample-api')
  return { caBundle: Buffer.from(authority.certificatePem).toString('base64') }
}

const conditions = ({ status }: Json): readonly unknown[] =>
  Array.isArray(status?.conditions) ? status.conditions : []

/** Adds a condition to the status, as a client that may write it does. */
async function showsCondition(
  ground: ContainerGround,
  type: string,
  write: 'update' | 'patch',
): Promise<void> {
  const mine = { type, status: 'True', reason: 'E2E', message: 'set by a test' }
  // The server's own look at it writes there, too.
  await ground.eventually(async () => {
    const live = await ground.api.get(`${apiService}/status`)
    const status = { ...live.status, conditions: [...conditions(live), mine] }
    if (write === 'update') await ground.api.update(`${apiService}/status`, { ...live, status })
    else await ground.api.patch(`${apiService}/status`, { status })
  })
  expect(conditions(await ground.api.get(`${apiService}/status`))).toContainEqual(
    expect.objectContaining(mine),
  )
}

const extension: Behave<ContainerGround> = async (ground) => {
  const { api, namespace } = ground
  const { caBundle } = await serveExtension(ground)
  await api.create(apiServices, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `v1alpha1.${group}` },
    spec: {
      group,
      version: 'v1alpha1',
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      caBundle,
      service: { namespace, name: 'sample-api', port: 7443 },
    },
  })
  try {
    const flunders = `/apis/${groupVersion}/namespaces/${namespace}/flunders`
    expect(await ground.eventually(() => api.list(flunders))).toEqual([])
    const flunder = { apiVersion: groupVersion, kind: 'Flunder', metadata: { name: 'first' } }
    expect(await api.create(flunders, flunder)).toMatchObject(flunder)
    expect(await api.list(flunders)).toMatchObject([{ metadata: { name: 'first', namespace } }])
    const aggregated = 'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io'
    await ground.eventually(async () =>
      expect((await ground.raw('/apis', { accept: aggregated })).text).toContain('"resource":"flunders"'),
    )
    await api.delete(`${flunders}/first`)
    expect(await api.list(flunders)).toEqual([])

    const [first] = conditions(await api.get(`${apiService}/status`))
    expect(first).toMatchObject({ type: 'Available', status: 'True', message: 'all checks passed' })
    expect(await api.patch(apiService, { spec: { versionPriority: 400 } })).toMatchObject({
      spec: { versionPriority: 400 },
    })
    await showsCondition(ground, 'StatusUpdated', 'update')
    await showsCondition(ground, 'StatusPatched', 'patch')
    await api.patch(apiService, { metadata: { labels: { e2e: 'wardle' } } })
    await api.delete(apiServices, { labelSelector: 'e2e=wardle' })
    await ground.eventually(async () =>
      expect(await api.list(apiServices, { labelSelector: 'e2e=wardle' })).toEqual([]),
    )
    await ground.eventually(async () => expect((await ground.raw(flunders)).status).toBe(404))
  } finally {
    // Unlike what is in the namespace, it would stay.
    await ground.raw(apiService, { method: 'DELETE' })
  }
}

/** API servers that extend the cluster's, in pods. */
export const apiExtension: Table<ContainerGround> = {
  '[sig-api-machinery] Aggregator Should be able to support the 1.17 Sample API Server using the current Aggregator [LinuxOnly]':
    extension,
}
