import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultFeatures } from '../../api/feature-gates.ts'
import type { core, rbac } from '../../api/generated/types/index.ts'
import { kinds } from '../../api/kinds.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { ServiceAllocator } from '../allocation/service-allocator.ts'
import { standardHeaders } from '../authentication/front-proxy.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { typedReader } from '../typed-reader.ts'
import { Bootstrap } from './bootstrap.ts'
import { reconcileRole } from './reconcile-role.ts'

let server: TestServer
let bootstrap: Bootstrap
const make = (advertiseAddress = '192.0.2.1'): Bootstrap =>
  new Bootstrap({
    transport: server.transport,
    reader: server.core.reader,
    host: realHost,
    logger: silentLogger,
    features: defaultFeatures,
    kubernetesService: { serviceAddress: '10.96.0.1', advertiseAddress, port: 6443 },
    serviceCidrs: ['10.96.0.0/12'],
    authenticationTrust: {
      clientAuthority: 'CA',
      frontProxy: { ...standardHeaders, authority: 'FRONT', allowedNames: ['front-proxy-client'] },
    },
  })
beforeEach(async () => {
  server = await startTestServer({ kinds })
  bootstrap = make()
})
afterEach(async () => {
  bootstrap.stop()
  await server.close()
})

const get = (resource: string, namespace: string, name: string, group = '') =>
  server.core.reader.get({ group, resource }, namespace, name)

describe('Bootstrap', () => {
  it('makes what a server brings along', async () => {
    expect(() => bootstrap.checks[0]?.check()).toThrow('not finished')
    await bootstrap.start()
    for (const check of bootstrap.checks) check.check()
    expect(bootstrap.checks.map(({ name }) => name)).toContain('poststarthook/rbac/bootstrap-roles')
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
      expect(get('namespaces', '', name)).toBeDefined()
    expect(get('clusterroles', '', 'cluster-admin', 'rbac.authorization.k8s.io')).toBeDefined()
    expect(get('priorityclasses', '', 'system-node-critical', 'scheduling.k8s.io')).toMatchObject({
      value: 2000001000,
    })
    expect(get('services', 'default', 'kubernetes')).toMatchObject({
      spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
    })
    expect(get('servicecidrs', '', 'kubernetes', 'networking.k8s.io')).toMatchObject({
      spec: { cidrs: ['10.96.0.0/12'] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    })
    expect(get('endpoints', 'default', 'kubernetes')).toMatchObject({
      subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 6443 }] }],
    })
    expect(get('endpointslices', 'default', 'kubernetes', 'discovery.k8s.io')).toMatchObject({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'] }],
    })
    expect(get('configmaps', 'kube-system', 'extension-apiserver-authentication')).toMatchObject({
      data: { 'client-ca-file': 'CA' },
    })
  })

  it('changes nothing the second time, and follows a new address', async () => {
    await bootstrap.start()
    bootstrap.stop()
    const revision = await server.storage.currentRevision()
    bootstrap = make()
    await bootstrap.start()
    bootstrap.stop()
    expect(await server.storage.currentRevision()).toBe(revision)
    bootstrap = make('192.0.2.2')
    await bootstrap.start()
    expect(get('endpoints', 'default', 'kubernetes')).toMatchObject({
      subsets: [{ addresses: [{ ip: '192.0.2.2' }] }],
    })
  })

  it('publishes no loopback address', async () => {
    bootstrap = make('127.0.0.1')
    await bootstrap.start()
    expect(get('services', 'default', 'kubernetes')).toBeDefined()
    expect(get('endpoints', 'default', 'kubernetes')).toBe(undefined)
  })

  it('takes the first address of the range for the service', async () => {
    const { reader } = server.core
    const allocator = new ServiceAllocator({
      host: realHost,
      metrics: new PrometheusMetrics(),
      reader,
      serviceCidrs: ['10.96.0.0/12'],
      nodePorts: { first: 1, last: 2 },
    })
    allocator.start()
    await bootstrap.start()
    const services = typedReader<core.v1.Service>(reader, { group: '', resource: 'services' })
    const other = {
      ...services.get('default', 'kubernetes'),
      metadata: { namespace: 'default', name: 'other' },
    }
    expect(() => allocator.reserve(other, undefined)).toThrow('provided IP is already allocated')
  })
})

describe('reconcileRole()', () => {
  const rule = (...verbs: readonly string[]) => ({ verbs, apiGroups: [''], resources: ['pods'] })
  const role = (rules: rbac.v1.PolicyRule[], annotations = {}): rbac.v1.ClusterRole => ({
    metadata: { name: 'r', annotations },
    rules,
  })

  it.each([
    ['is as expected', role([rule('get')]), role([rule('get')]), undefined],
    ['has more', role([rule('get')]), role([rule('get', 'list')]), undefined],
    ['lacks a verb', role([rule('get', 'list')]), role([rule('get')]), [rule('get'), rule('list')]],
    [
      'is protected',
      role([rule('get')]),
      role([], { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }),
      undefined,
    ],
  ])('a role that %s', (_, expected, present, rules) => {
    expect(reconcileRole(expected, present)?.rules).toEqual(rules)
  })
})
