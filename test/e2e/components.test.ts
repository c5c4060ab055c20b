import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Deployment } from '../../src/api/apps/deployment/kind.ts'
import { Lease } from '../../src/api/coordination/lease/kind.ts'
import { ConfigMap } from '../../src/api/core/config-map/kind.ts'
import { Namespace } from '../../src/api/core/namespace/kind.ts'
import { Node } from '../../src/api/core/node/kind.ts'
import { Pod } from '../../src/api/core/pod/kind.ts'
import { Secret } from '../../src/api/core/secret/kind.ts'
import { Service } from '../../src/api/core/service/kind.ts'
import { ServiceAccount } from '../../src/api/core/service-account/kind.ts'
import { EndpointSlice } from '../../src/api/discovery/endpoint-slice/kind.ts'
import type { authentication } from '../../src/api/generated/types/index.ts'
import type { KubernetesObject } from '../../src/apimachinery/meta.ts'
import { isStatus } from '../../src/apimachinery/status-error.ts'
import { realHost } from '../../src/base/host/real-host.ts'
import { labMissing, NetworkLab } from '../../src/base/host/testing/network-lab.ts'
import type { Client } from '../../src/client/client.ts'
import { createClient } from '../../src/client/create-client.ts'
import { createHttpsTransport } from '../../src/client/https/https-transport.ts'
import { loadKubeconfig } from '../../src/client/https/kubeconfig.ts'
import { serviceOf, sliceOf } from '../../src/proxy/testing/objects.ts'
import { EtcdProcess, whyNoEtcd } from '../../src/storage/etcd/testing/etcd-process.ts'
import { ask, askHead } from './support/ask.ts'
import { ComponentCluster, type RunningComponent } from './support/components.ts'
import { run } from './support/run.ts'
import { until } from './support/until.ts'
import { deployment } from './support/workloads.ts'

const namespace = 'default'
const slow = 60_000
const proxyMissing = labMissing('nft')

describe.skipIf(whyNoEtcd !== '')(`a control plane of processes on one etcd ${whyNoEtcd}`, () => {
  let cluster: ComponentCluster
  let servers: readonly [RunningComponent, RunningComponent]
  let one: Client
  let two: Client
  const managers: RunningComponent[] = []

  const startManager = async (server: RunningComponent): Promise<RunningComponent> => {
    const config = cluster.kubeconfig('system:kube-controller-manager', server)
    const manager = await cluster.run('controller-manager', [
      ...[`--kubeconfig=${config}`, `--authentication-kubeconfig=${config}`],
      ...[`--authorization-kubeconfig=${config}`, '--use-service-account-credentials'],
      ...[
        '--root-ca-file=certificates/apiserver.crt',
        '--allocate-node-cidrs',
        '--cluster-cidr=10.244.0.0/16',
      ],
      ...['--leader-elect-lease-duration=10s', '--leader-elect-renew-deadline=8s'],
      ...['--leader-elect-retry-period=500ms', '--service-account-private-key-file=sa.key'],
    ])
    managers.push(manager)
    return manager
  }

  const holder = async (): Promise<string> =>
    (await one.resource(Lease).get('kube-system', 'kube-controller-manager')).spec?.holderIdentity ?? ''

  beforeAll(async () => {
    cluster = await ComponentCluster.create()
    servers = await Promise.all([cluster.apiServer(), cluster.apiServer()])
    one = cluster.client('admin', servers[0])
    two = cluster.client('admin', servers[1])
    for (const { port } of servers)
      await until('an API server is ready', async () => (await ask(port, '/readyz'))[0] === 200, slow)
  })
  afterAll(() => cluster?.dispose())

  test('both API servers serve the same cluster, each showing at once what the other has acknowledged', async () => {
    const maps = [one.resource(ConfigMap), two.resource(ConfigMap)] as const
    for (let round = 0; round < 30; round++) {
      const [writer, reader] = round % 2 === 0 ? maps : [maps[1], maps[0]]
      const name = `map-${round}`
      const made = await writer.create({ metadata: { name, namespace }, data: { round: 'made' } })
      expect((await reader.get(namespace, name)).metadata?.resourceVersion).toBe(
        made.metadata?.resourceVersion,
      )
      const changed = await reader.update({ ...made, data: { round: 'changed' } })
      await writer.update({ ...changed, data: { round: 'again' } })
      await expect(reader.update(changed)).rejects.toSatisfy((error) => isStatus(error, 'Conflict'))
      await reader.delete(namespace, name)
      await expect(writer.get(namespace, name)).rejects.toSatisfy((error) => isStatus(error, 'NotFound'))
      await writer.create({ metadata: { name, namespace } })
      await expect(reader.create({ metadata: { name, namespace } })).rejects.toSatisfy((error) =>
        isStatus(error, 'AlreadyExists'),
      )
    }
  })

  test('a namespace that one server has just made can be used through the other', async () => {
    for (let round = 0; round < 10; round++) {
      const name = `space-${round}`
      await one.resource(Namespace).create({ metadata: { name } })
      await two.resource(ConfigMap).create({ metadata: { name: 'map', namespace: name } })
    }
  })

  test('of two controller managers one leads, and the other takes over when it is killed', async () => {
    await Promise.all([startManager(servers[0]), startManager(servers[1])])
    const first = await until('one leads', async () => (await holder()) || undefined, slow)
    await one.resource(Deployment).create(deployment('web', 2))
    await until(
      'the pods are there',
      async () => (await two.resource(Pod).list({ namespace })).items.length === 2,
      slow,
    )
    const leader = managers.find((each) => each.said().includes(first))
    expect(leader).toBeDefined()
    await leader?.kill()
    await until('the other one leads', async () => ![first, ''].includes(await holder()), slow)
    await one.resource(Deployment).create(deployment('shop', 1))
    await until(
      'its pod is there',
      async () => (await one.resource(Pod).list({ namespace })).items.length === 3,
      slow,
    )
  })

  test('a scheduler binds pods, against the other server', async () => {
    const config = cluster.kubeconfig('system:kube-scheduler', servers[1])
    const scheduler = await cluster.run('scheduler', [`--kubeconfig=${config}`])
    const node = await one.resource(Node).create({ metadata: { name: 'n1' } })
    const resources = { cpu: '4', memory: '8Gi', pods: '100' }
    const time = new Date().toISOString().replace(/\.\d+/, '')
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: time, lastTransitionTime: time }
    await until('the node is ready', async () => {
      const live = await one.resource(Node).get('', 'n1')
      const status = { capacity: resources, allocatable: resources, conditions: [ready] }
      return one.resource(Node).updateStatus({ ...live, status })
    })
    expect(node.metadata?.uid).toBeDefined()
    await until(
      'all pods are bound',
      async () => {
        const { items } = await two.resource(Pod).list({ namespace })
        return items.every(({ spec }) => spec?.nodeName === 'n1')
      },
      slow,
    )
    expect((await one.resource(Node).get('', 'n1')).spec?.podCIDR).toBe('10.244.0.0/24')
    expect(await scheduler.stop()).toBe(0)
  })

  test('a component shows its health to everyone and its metrics to those who may see them', async () => {
    const port = managers.at(-1)?.port ?? 0
    const alive = managers.find((each) => !each.said().includes('stopped'))?.port ?? port
    const manager = (await ask(alive, '/healthz').catch(() => undefined)) === undefined ? port : alive
    expect(await ask(manager, '/healthz')).toEqual([200, 'ok'])
    expect((await ask(manager, '/metrics'))[0]).toBe(403)
    expect((await ask(manager, '/metrics', 'nonsense'))[0]).toBe(401)
    expect((await ask(manager, '/metrics', 'stranger'))[0]).toBe(403)
    const [status, text] = await ask(manager, '/metrics', 'admin')
    expect(status).toBe(200)
    expect(text).toContain('workqueue_adds_total')
    expect((await ask(manager, '/flagz', 'stranger'))[0]).toBe(403)
    expect((await ask(manager, '/flagz', 'admin'))[1]).toContain('\nleader-elect=true\n')
    expect((await ask(manager, '/statusz', 'admin'))[1]).toContain(
      '\nPaths: /flagz /healthz /livez /metrics /readyz\n',
    )
    expect((await ask(servers[1].port, '/flagz', 'admin'))[1]).toContain('\nauthorization-mode=[')
  })

  test('a Secret gets a token of its service account, which is who comes with it', async () => {
    const annotations = { 'kubernetes.io/service-account.name': 'default' }
    const metadata = { name: 'token', namespace, annotations }
    await one.resource(Secret).create({ metadata, type: 'kubernetes.io/service-account-token' })
    const token = await until(
      'it has a token',
      async () => (await two.resource(Secret).get(namespace, 'token')).data?.['token'],
      slow,
    )
    const [status, text] = await ask(
      servers[1].port,
      '/api/v1/namespaces/default/secrets',
      Buffer.from(token, 'base64').toString(),
    )
    expect([status, text]).toEqual([
      403,
      expect.stringContaining('User \\"system:serviceaccount:default:default\\" cannot list'),
    ])
    await until('its use is noted', async () => {
      const { labels } = (await one.resource(Secret).get(namespace, 'token')).metadata ?? {}
      return labels?.['kubernetes.io/legacy-token-last-used']
    })
  })

  test('an API server believes its front proxy, and shortens tokens as it is told', async () => {
    const file = (name: string): string => join(cluster.etcd.folder, `${name}.pem`)
    const extra = await cluster.apiServer([
      ...[`--requestheader-client-ca-file=${file('ca')}`, '--requestheader-username-headers=X-Caller'],
      ...['--requestheader-group-headers=X-Group', '--service-account-max-token-expiration=1h'],
      ...['--event-ttl=30m', '--service-account-jwks-uri=https://example.com/keys'],
    ])
    await until('it is ready', async () => (await ask(extra.port, '/readyz'))[0] === 200, slow)
    const shown = { cert: readFileSync(file('client')), key: readFileSync(file('client-key')) }
    const headers = { 'x-caller': 'jane', 'x-group': 'dev' }
    const refused = await ask(extra.port, '/api/v1/pods', undefined, { ...shown, headers })
    expect(refused[1]).toContain('User \\"jane\\" cannot list')
    expect((await ask(extra.port, '/api/v1/pods', undefined, { headers }))[1]).not.toContain('jane')
    const keys = await ask(extra.port, '/.well-known/openid-configuration', 'admin')
    expect(JSON.parse(keys[1]).jwks_uri).toBe('https://example.com/keys')
    const accounts = cluster.client('admin', extra).resource(ServiceAccount)
    await accounts.create({ metadata: { name: 'short', namespace } })
    const { spec } = await accounts.createSubresource<authentication.v1.TokenRequest>(
      namespace,
      'short',
      'token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 7200 },
      } as KubernetesObject,
    )
    expect(spec?.expirationSeconds).toBe(3600)
    await extra.stop()
  })

  test('an API server does what its flags say of pods, pages, its name and its end', async () => {
    const extra = await cluster.apiServer([
      ...['--default-not-ready-toleration-seconds=7', '--external-hostname=api.example.com'],
      ...['--cors-allowed-origins=^https://a\\.example\\.com$', '--shutdown-delay-duration=10m'],
      ...['--strict-transport-security-directives=max-age=1,preload'],
      '--disable-admission-plugins=ServiceAccount',
    ])
    await until('it is ready', async () => (await ask(extra.port, '/readyz'))[0] === 200, slow)
    const pods = cluster.client('admin', extra).resource(Pod)
    const container = { name: 'c', image: 'i' }
    await expect(
      pods.create({
        metadata: { name: 'mighty', namespace },
        spec: { containers: [{ ...container, securityContext: { privileged: true } }] },
      }),
    ).rejects.toThrow(
      'spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy',
    )
    const pod = await pods.create({
      metadata: { name: 'meek', namespace },
      spec: { containers: [container] },
    })
    expect(pod.spec?.tolerations?.map(({ tolerationSeconds }) => tolerationSeconds)).toEqual([7, 300])
    const told = await ask(extra.port, '/api', 'admin')
    expect(told[1]).toContain(`"serverAddress":"api.example.com:${extra.port}"`)
    const [, head] = await askHead(extra.port, '/api', { origin: 'https://a.example.com' })
    expect(head).toMatchObject({
      'access-control-allow-origin': 'https://a.example.com',
      'strict-transport-security': 'max-age=1; preload',
    })
    void extra.stop()
    await until('it is not ready', async () => (await ask(extra.port, '/readyz'))[0] === 500)
    expect((await ask(extra.port, '/livez'))[0]).toBe(200)
    expect((await pods.get(namespace, 'meek')).metadata?.uid).toBe(pod.metadata?.uid)
    await extra.kill()
  })

  test('a whole cluster keeps its objects in an etcd, and finds them there again', async () => {
    const etcd = await EtcdProcess.start()
    const root = join(cluster.folder, 'whole')
    const file = (name: string): string => join(etcd.folder, `${name}.pem`)
    const given = [
      ...['--etcd-servers', etcd.servers.urls.join(), '--etcd-cafile', file('ca')],
      ...['--etcd-certfile', file('client'), '--etcd-keyfile', file('client-key')],
    ]
    const timonel = async (...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await run(['dist/timonel', ...args, '--data-dir', root])
      expect([code, stderr]).toEqual([0, ''])
    }
    const client = () => createClient(createHttpsTransport({ host: realHost, ...loadKubeconfig(config) }))
    const config = join(root, 'admin.conf')
    const up = ['up', '--detach', '--runtime', 'simulated', '--api-port', '0']
    try {
      await timonel(...up, ...given, '--auto-compaction-retention', '1h')
      await client()
        .resource(ConfigMap)
        .create({ metadata: { name: 'map', namespace } })
      await timonel('down')
      await timonel(...up)
      expect((await client().resource(ConfigMap).get(namespace, 'map')).metadata?.uid).toBeDefined()
      expect(existsSync(join(root, 'store'))).toBe(false)
    } finally {
      await timonel('delete')
      await etcd.dispose()
    }
  })

  test.skipIf(proxyMissing !== undefined)(
    `a proxy routes Services on its machine, and leaves its rules when it ends ${proxyMissing ?? ''}`,
    async () => {
      const lab = new NetworkLab()
      try {
        const machine = await lab.namespace('node')
        await machine('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
        await lab.pod('node', 'a', '10.244.0.2', '10.244.0.1')
        await lab.pod('node', 'b', '10.244.0.3', '10.244.0.1')
        await lab.serve('a', 8080)
        await lab.door('node', servers[0].port)
        const kept = { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' }
        const config = {
          ...{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' },
          clientConnection: { kubeconfig: cluster.kubeconfig('system:kube-proxy', servers[0]), qps: 0 },
          ...{ clusterCIDR: '10.244.0.0/16', mode: '', conntrack: kept, oomScoreAdj: 0 },
        }
        writeFileSync(join(cluster.folder, 'proxy.yaml'), JSON.stringify(config))
        const proxy = cluster.proxy(lab.path('node'), ['--config=proxy.yaml', '--hostname-override=routed'])
        const node = await one.resource(Node).create({ metadata: { name: 'routed' } })
        const addresses = [{ type: 'InternalIP', address: '10.89.7.1' }]
        await until('the node has its address', async () => {
          const live = await one.resource(Node).get('', 'routed')
          return one.resource(Node).updateStatus({ ...live, status: { ...node.status, addresses } })
        })
        await one.resource(Service).create(serviceOf('routed', '10.96.77.20'))
        await one.resource(EndpointSlice).create(sliceOf('routed', [{ ip: '10.244.0.2', node: 'routed' }]))
        const answer = (): Promise<string> => lab.connect('b', '10.96.77.20', 80)
        const routed = async (): Promise<boolean> => (await answer()) === 'a 10.244.0.3'
        await until('the Service is routed', routed, slow)
        const health = `fetch('http://127.0.0.1:10256/healthz').then(({ status }) => console.log(status))`
        expect((await machine(process.execPath, ['-e', health])).trim()).toBe('200')
        expect(await proxy.stop()).toBe(0)
        expect(await answer()).toBe('a 10.244.0.3')
      } finally {
        await lab.close()
      }
    },
    slow,
  )

  test('an API server that is restarted goes on where it was, and ends at SIGTERM', async () => {
    const extra = await cluster.apiServer()
    await until('it is ready', async () => (await ask(extra.port, '/readyz'))[0] === 200, slow)
    const client = cluster.client('admin', extra)
    expect((await client.resource(Deployment).get(namespace, 'web')).spec?.replicas).toBe(2)
    expect(await extra.stop()).toBe(0)
  })

  test('the cluster outlives its etcd’s restart', async () => {
    await cluster.etcd.kill()
    await expect(one.resource(ConfigMap).create({ metadata: { name: 'lost', namespace } })).rejects.toThrow()
    cluster.etcd.run()
    await until('writes work again', () =>
      two.resource(ConfigMap).create({ metadata: { name: 'kept', namespace } }),
    )
    expect((await one.resource(ConfigMap).get(namespace, 'kept')).metadata?.uid).toBeDefined()
    const watched = await one.resource(ConfigMap).list({ namespace })
    expect(watched.items.map(({ metadata }) => metadata?.name)).toContain('kept')
  })
})

test.each([
  ['apiserver', '--no-such-flag=1', 'Error: unknown flag: --no-such-flag'],
  ['apiserver', '--service-account-issuer=x', 'Error: --etcd-servers must be specified'],
  ['apiserver', '--logging-format=text', 'for "--logging-format" flag: it must be one of json'],
  ['controller-manager', '--profiling=true', 'for "--profiling" flag: it is not there'],
  ['controller-manager', '--cloud-config=x', 'Error: unknown flag: --cloud-config'],
  ['controller-manager', '--concurrent-gc-syncs=0', 'must be between 1 and'],
  ['scheduler', '--secure-port=x', 'Error: invalid argument "x" for "--secure-port" flag'],
  ['scheduler', '--leader-elect=false', 'Error: --kubeconfig or --master must be specified'],
  ['proxy', '--proxy-mode=ipvs', 'for "--proxy-mode" flag: it must be one of nftables'],
  ['proxy', '--ipvs-scheduler=rr', 'Error: unknown flag: --ipvs-scheduler'],
  ['kubelet', '--lock-file=x', 'Error: unknown flag: --lock-file'],
  [
    'kubelet',
    '--v=2',
    'Error: invalid configuration: the containerRuntimeEndpoint was not specified or empty',
  ],
])('timonel %s %s is refused by name', async (command, flag, message) => {
  const { code, stderr } = await run(['dist/timonel', command, flag])
  expect(code).toBe(1)
  expect(stderr).toContain(message)
})
