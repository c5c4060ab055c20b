import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition/kind.ts'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core, networking } from '../../api/generated/types/index.ts'
import { NetworkPolicy } from '../../api/networking/network-policy/kind.ts'
import { defineKind } from '../../apimachinery/define-kind.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { RunProgram } from '../../base/host/run-program.ts'
import { labMissing, NetworkLab } from '../../base/host/testing/network-lab.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import type { AdminNetworkPolicy } from './admin-policy.ts'
import { type RunningPolicyAgent, startPolicyAgent } from './start-policy-agent.ts'

const missing = labMissing('nft')

const gateway = '10.244.0.1'
const addresses = { a: '10.244.0.2', b: '10.244.0.3' } as const
const nodeAddress = '10.89.200.1'
const outsider = '10.89.200.9'
const dnsAddress = '10.96.0.10'
const table = 'inet lab-policy'

let lab: NetworkLab
let node: RunProgram
let client: Client
let informers: InformerFactory
const agents: RunningPolicyAgent[] = []

async function start(): Promise<RunningPolicyAgent> {
  const agent = startPolicyAgent({
    informers,
    host: realHost,
    logger: silentLogger,
    metrics: new PrometheusMetrics(),
    nodeName: 'node-1',
    networkName: 'lab',
    dnsAddress,
    run: node,
  })
  agents.push(agent)
  await agent.inForce
  return agent
}

/** A change is in force when the table shows it; the test's own time ends the wait. */
async function shown(text: string): Promise<void> {
  await expect
    .poll(() => node('nft', ['list', 'table', ...table.split(' ')]).catch(() => ''), patience)
    .toContain(text)
}

function podOf(name: keyof typeof addresses, labels: Record<string, string>): core.v1.Pod {
  return {
    metadata: { namespace: 'default', name, labels },
    spec: { nodeName: 'node-1', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] },
    status: { phase: 'Running', podIPs: [{ ip: addresses[name] }] },
  }
}

const policies = () => client.resource<networking.v1.NetworkPolicy>(NetworkPolicy)

async function create(name: string, spec: networking.v1.NetworkPolicySpec): Promise<void> {
  await policies().create({ metadata: { namespace: 'default', name }, spec })
}

const patience = { timeout: 20_000, interval: 20 }

/** What refuses to answer is given up soon, what should answer never: machines may be slow. */
const silent = (from: string, to: string, port = 8080): Promise<string> => lab.connect(from, to, port, 0.3)
const heard = (from: string, to: string, port = 8080): Promise<string> => lab.connect(from, to, port, 20)

describe.skipIf(missing !== undefined)(`policies in a network namespace ${missing ?? ''}`, () => {
  beforeAll(async () => {
    lab = new NetworkLab()
    node = await lab.namespace('node')
    await node('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
    await Promise.all([
      lab.pod('node', 'a', addresses.a, gateway).then(() => lab.serve('a', 8080)),
      lab.pod('node', 'b', addresses.b, gateway).then(() => lab.serve('b', 8080)),
      lab.namespace('out').then(async (run) => {
        await lab.wire('node', `${nodeAddress}/24`, 'out', `${outsider}/24`)
        await run('ip', ['route', 'add', 'default', 'via', nodeAddress])
        await lab.serve('out', 8080)
      }),
      node('ip', ['address', 'add', `${dnsAddress}/32`, 'dev', 'lo']).then(() => lab.serve('node', 53)),
    ])
  })

  afterAll(() => lab.close())

  beforeEach(async () => {
    client = createClient(new FakeApi(realHost))
    informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
    await client.resource<core.v1.Namespace>(Namespace).create({ metadata: { name: 'default', labels: {} } })
    await client.resource<core.v1.Pod>(Pod).create(podOf('a', { app: 'a' }))
    await client.resource<core.v1.Pod>(Pod).create(podOf('b', { app: 'b' }))
  })

  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.stop({ cleanUp: true })
    await informers.stop()
    await node('nft', ['flush', 'ruleset'])
  })

  test('without policies there is no table, and everything passes', async () => {
    await node('nft', ['add', 'table', ...table.split(' ')])
    await start()
    expect(await node('nft', ['list', 'ruleset'])).toBe('')
    expect(await heard('b', addresses.a)).toBe(`a ${addresses.b}`)
  })

  test('ingress: only who is named gets in, from nodes and outside by address, and the own node always', async () => {
    await create('closed', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] })
    await start()
    expect(await silent('b', addresses.a)).toBe('timeout')
    expect(await silent('out', addresses.a)).toBe('timeout')
    expect(await heard('node', addresses.a)).toBe(`a ${gateway}`)
    expect(await heard('a', addresses.b), 'its own requests are answered').toBe(`b ${addresses.a}`)
    await create('web', {
      podSelector: { matchLabels: { app: 'a' } },
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ protocol: 'TCP', port: 'web' }] },
        { from: [{ ipBlock: { cidr: '10.89.0.0/16', except: ['10.89.200.0/24'] } }] },
      ],
    })
    expect(await heard('b', addresses.a))
    expect(await silent('out', addresses.a), 'an exception').toBe('timeout')
    expect(await lab.datagram('b', addresses.a, 8080, 5556), 'another protocol').toBe('timeout')
    await create('outside', {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ ipBlock: { cidr: `${outsider}/32` } }],
          ports: [{ protocol: 'TCP', port: 8000, endPort: 8100 }],
        },
      ],
    })
    expect(await heard('out', addresses.a)).toBe(`a ${outsider}`)
  })

  test('egress: also to cluster DNS on the node itself', async () => {
    await create('closed', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'] })
    await start()
    expect(await silent('a', addresses.b)).toBe('timeout')
    expect(await silent('a', outsider)).toBe('timeout')
    expect(await silent('a', dnsAddress, 53)).toBe('timeout')
    expect(await heard('b', addresses.a)).toBe(`a ${addresses.b}`)
    await client
      .resource<core.v1.Namespace>(Namespace)
      .create({ metadata: { name: 'kube-system', labels: {} } })
    await create('dns', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
          ports: [{ protocol: 'TCP', port: 53 }],
        },
      ],
    })
    expect(await heard('a', dnsAddress, 53)).toBe(`node ${addresses.a}`)
    expect(await silent('a', addresses.b)).toBe('timeout')
  })

  test('what is connected follows changes: packets are judged, not connections', async () => {
    await start()
    const ask = (): Promise<string> => lab.datagram('b', addresses.a, 8080, 5555)
    expect(await ask()).toBe(`a ${addresses.b}`)
    await create('closed', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] })
    await shown('default/closed')
    expect(await ask()).toBe('timeout')
  })

  test('administrators decide before NetworkPolicies, for as long as the cluster has the kinds', async () => {
    await create('open', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] })
    await start()
    expect(await heard('b', addresses.a)).toBe(`a ${addresses.b}`)
    const admin = defineKind<AdminNetworkPolicy>({
      ...{ group: 'policy.networking.k8s.io', version: 'v1alpha1', namespaced: false, schema: '' },
      ...{ kind: 'AdminNetworkPolicy', resource: 'adminnetworkpolicies' },
    })
    const subject = { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'a' } } } }
    const policy: AdminNetworkPolicy = {
      metadata: { name: 'first' },
      spec: { priority: 1, subject, ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] },
    }
    await client.resource<AdminNetworkPolicy>(admin).create(policy)
    const definitions = client.resource(CustomResourceDefinition)
    const name = 'adminnetworkpolicies.policy.networking.k8s.io'
    const status = { conditions: [{ type: 'Established', status: 'True' }] }
    const names = { kind: admin.kind, plural: admin.resource }
    const spec = { group: admin.group, scope: 'Cluster', names, versions: [] }
    await definitions.create({ metadata: { name }, spec, status })
    await shown('admin:first')
    expect(await silent('b', addresses.a)).toBe('timeout')
    expect(await heard('out', addresses.a), 'who is no pod').toBe(`a ${outsider}`)
    await definitions.delete('', name)
    await expect.poll(() => silent('b', addresses.a), patience).toBe(`a ${addresses.b}`)
  })

  test('a new pod is isolated before anything runs in it, and before its status shows an address', async () => {
    const pods = client.resource<core.v1.Pod>(Pod)
    const agent = await start()
    const unused = (): Promise<readonly string[]> => Promise.reject(new Error('there are no policies'))
    await agent.admit({ namespace: 'default', name: 'free', uid: '1' }, unused)
    await create('closed', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] })
    await shown('default/closed')
    await pods.delete('default', 'a')
    const { status: _, ...fresh } = podOf('a', { app: 'a' })
    const metadata = { namespace: 'default', name: 'a', uid: '2' }
    const admitted = agent.admit(metadata, async () => [addresses.a])
    await pods.create({ ...fresh, metadata: { ...fresh.metadata, ...metadata } })
    await admitted
    expect(await silent('b', addresses.a)).toBe('timeout')
  })

  test('rules outlive the agent, the next one knows what has changed, and foreign tables stay', async () => {
    await node('nft', ['add', 'table', 'inet', 'foreign'])
    const spec = { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] }
    await create('closed', spec)
    const first = await start()
    await first.stop({ cleanUp: false })
    expect(await silent('b', addresses.a)).toBe('timeout')
    await create('open', { ...spec, ingress: [{ from: [{ podSelector: {} }] }] })
    const second = await start()
    expect(await heard('b', addresses.a)).toBe(`a ${addresses.b}`)
    await client.resource<core.v1.Pod>(Pod).delete('default', 'b')
    await expect.poll(() => silent('b', addresses.a), patience).toBe('timeout')
    await second.stop({ cleanUp: true })
    expect(await node('nft', ['list', 'tables'])).toBe('table inet foreign\n')
    expect(await heard('b', addresses.a)).toBe(`a ${addresses.b}`)
  })

  test('after the translation of Services, and to itself through one', async () => {
    const nat = [
      'add table ip nat',
      'add chain ip nat pre { type nat hook prerouting priority -100; }',
      `add rule ip nat pre ip daddr 10.96.0.20 tcp dport 80 dnat to ${addresses.a}:8080`,
      'add chain ip nat post { type nat hook postrouting priority 100; }',
      `add rule ip nat post ip saddr ${addresses.a} ip daddr ${addresses.a} masquerade`,
    ]
    await node('nft', ['-f', '-'], { input: nat.join('\n') })
    await create('web', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ protocol: 'TCP', port: 8080 }] },
      ],
      egress: [
        { to: [{ podSelector: { matchLabels: { app: 'a' } } }], ports: [{ protocol: 'TCP', port: 'web' }] },
      ],
    })
    await start()
    expect(await heard('b', '10.96.0.20', 80)).toBe(`a ${addresses.b}`)
    expect(await heard('a', '10.96.0.20', 80)).toBe(`a ${gateway}`)
    expect(await silent('out', '10.96.0.20', 80)).toBe('timeout')
  })
})
