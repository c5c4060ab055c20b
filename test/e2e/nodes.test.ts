import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Node } from '../../src/api/core/node/kind.ts'
import { Pod } from '../../src/api/core/pod/kind.ts'
import { Service } from '../../src/api/core/service/kind.ts'
import type { core } from '../../src/api/generated/types/index.ts'
import type { Client } from '../../src/client/client.ts'
import { dataDirectory } from '../../src/cluster/data-directory.ts'
import { PolicyMatrix } from '../network-policy/support/policy-matrix.ts'
import { scenarios } from '../network-policy/support/scenarios.ts'
import { JoinedMachine } from './support/joined-machine.ts'
import { Machine, root } from './support/machine.ts'
import { processOf } from './support/process-of.ts'
import { lacksContainers, suiteName } from './support/requirements.ts'
import { until } from './support/until.ts'

const image = 'timonel.local/busybox:1'
const namespace = 'default'
const nodes = ['node-1', 'node-2', 'node-3']
const clusterIp = '10.96.44.44'

/** Answers with the address that it was asked from. */
const serve = [
  'mkdir -p /www/cgi-bin',
  "printf '#!/bin/sh\\necho\\necho $REMOTE_ADDR\\n' > /www/cgi-bin/who",
  'chmod 755 /www/cgi-bin/who',
  'httpd -f -p 8080 -h /www & trap "exit 0" TERM; wait',
].join('\n')

const pod = (
  name: string,
  nodeName: string,
  rest: Partial<core.v1.PodSpec>,
  script: string,
): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name.replace(/-.*/, '') } },
  spec: {
    nodeName,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image, command: ['/bin/sh', '-c', script] }],
    ...rest,
  },
})

const service: core.v1.Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'who', namespace },
  spec: { clusterIP: clusterIp, selector: { app: 'who' }, ports: [{ port: 80, targetPort: 8080 }] },
}

/** What a script on a node has put into its last words. */
async function lastWords(client: Client, name: string): Promise<string> {
  return until(`${name} has ended`, async () => {
    const { status } = await client.resource(Pod).get(namespace, name)
    return status?.containerStatuses?.[0]?.state?.terminated?.message
  })
}

async function ask(
  client: Client,
  name: string,
  nodeName: string,
  script: string,
): Promise<readonly string[]> {
  const whole = `{ ${script}; } > /dev/termination-log 2>&1`
  await client.resource(Pod).create(pod(name, nodeName, { restartPolicy: 'Never' }, whole))
  // busybox writes IPv4 addresses as parts of IPv6.
  return (await lastWords(client, name))
    .replaceAll(/\[::ffff:|\]/g, '')
    .trim()
    .split('\n')
}

/** A program in the network of a node. */
function onNode(machine: Machine, node: string, command: readonly string[]): Promise<string> {
  const [pid] = machine.pids(new RegExp(`^containerd --config .*/${node}/`))
  return machine.succeed(['nsenter', `--net=/proc/${pid}/ns/net`, ...command])
}

describe.skipIf(lacksContainers.length > 0)(suiteName('three nodes on one machine', lacksContainers), () => {
  let machine: Machine
  let before: readonly string[]
  let client: Client
  let servers: readonly core.v1.Pod[]
  /** Of the image. */
  let archive: string

  beforeAll(async () => {
    machine = await Machine.create({ network: true })
    before = await machine.traces()
    await machine.mustTimonel('up', '--detach', '--nodes', '3')
    archive = await machine.packBusybox(image)
    await machine.mustTimonel('image load', archive)
    client = machine.client()
    await client.resource(Service).create(service)
    for (const node of nodes) await client.resource(Pod).create(pod(`who-${node}`, node, {}, serve))
    servers = await until('a server runs on each node', async () => {
      const { items } = await client.resource(Pod).list({ namespace })
      return items.length === 3 && items.every(({ status }) => status?.containerStatuses?.[0]?.ready) && items
    })
  })
  afterAll(() => machine?.dispose())

  test('all are Ready, with an address and a pod network each', async () => {
    const { items } = await client.resource(Node).list()
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(nodes)
    const ready = items.filter(({ status }) =>
      status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    )
    expect(ready).toHaveLength(3)
    const addresses = items.map(
      ({ status }) => status?.addresses?.find(({ type }) => type === 'InternalIP')?.address,
    )
    expect(new Set(addresses).size).toBe(3)
    expect(new Set(items.map(({ spec }) => spec?.podCIDR)).size).toBe(3)
  })

  test('a pod reaches the pods of all nodes under its own address', async () => {
    const addresses = servers.map(({ status }) => status?.podIP ?? '')
    expect(new Set(addresses).size).toBe(3)
    await Promise.all(
      nodes.map(async (node) => {
        const script = addresses.map((address) => `wget -qO- http://${address}:8080/cgi-bin/who`).join('; ')
        const name = `ask-pods-${node}`
        const answers = await ask(client, name, node, script)
        const { status } = await client.resource(Pod).get(namespace, name)
        expect(answers, node).toEqual(addresses.map(() => status?.podIP))
      }),
    )
  })

  test('a Service is reached from each node by its address and its names', async () => {
    const places = [clusterIp, 'who', 'who.default.svc.cluster.local']
    await Promise.all(
      nodes.map(async (node) => {
        const script = places.map((place) => `wget -qO- http://${place}/cgi-bin/who`).join('; ')
        const answers = await ask(client, `ask-service-${node}`, node, script)
        expect(answers, node).toHaveLength(places.length)
        // The pod's own address, or its node's where the Service has chosen the pod itself.
        for (const answer of answers) expect(answer, node).toMatch(/^10\.\d+\.\d+\.\d+$/)
      }),
    )
  })

  test('the API server is reached from a pod with its token', async () => {
    await Promise.all(
      servers.map(async (server) => {
        const node = server.spec?.nodeName ?? ''
        const token = 'cat /var/run/secrets/kubernetes.io/serviceaccount/token'
        const [credentials = ''] = await ask(client, `token-${node}`, node, token)
        const inside = ['nsenter', `--net=/proc/${await processOf(machine, server)}/ns/net`]
        const headers = { authorization: `Bearer ${credentials}` }
        const script = `fetch('https://10.96.0.1/api/v1/namespaces/default/pods', ${JSON.stringify({ headers })})
          .then(async (answer) => console.log(answer.status, await answer.text()))`
        const env = {
          PATH: process.env['PATH'],
          NODE_EXTRA_CA_CERTS: join(dataDirectory(machine.dataDirectory).pki, 'ca.crt'),
        }
        const command = [...inside, join(root, 'node_modules/.bin/node'), '-e', script]
        const answer = await machine.succeed(command, { env })
        expect(answer, node).toContain('403')
        expect(answer, node).toContain('system:serviceaccount:default:default')
      }),
    )
  })

  test('a host port leads to its pod, and annotations limit what a pod sends and gets', async () => {
    const { metadata, spec } = pod('limited', 'node-1', {}, serve)
    const annotations = {
      'kubernetes.io/ingress-bandwidth': '8M',
      'kubernetes.io/egress-bandwidth': '4M',
    }
    const containers = spec?.containers.map((container) => ({
      ...container,
      ports: [{ containerPort: 8080, hostPort: 8088 }],
    }))
    await client.resource<core.v1.Pod>(Pod).create({
      metadata: { ...metadata, annotations },
      spec: { ...spec, containers: containers ?? [] },
    })
    const place = await until('it runs', async () => {
      const { status } = await client.resource(Pod).get(namespace, 'limited')
      return status?.containerStatuses?.[0]?.ready && status.hostIP
    })
    const [answer] = await ask(
      client,
      'ask-host-port',
      'node-2',
      `wget -qO- http://${place}:8088/cgi-bin/who`,
    )
    expect(answer, 'the asker’s node').toMatch(/^10\.89\./)
    const rates = await onNode(machine, 'node-1', ['tc', 'qdisc', 'show'])
    expect(rates).toMatch(/tbf .*dev veth.* rate 8Mbit/)
    expect(rates).toMatch(/tbf .*dev bwp.* rate 4Mbit/)
    await client.resource(Pod).delete(namespace, 'limited', { gracePeriodSeconds: 0 })
  })

  test('policies hold between every two of nine pods on three nodes', async () => {
    const matrix = await PolicyMatrix.create(machine, client, { image, nodes })
    try {
      const names = ['deny all', 'from a namespace to a port', 'UDP to a range of ports, in both directions']
      const chosen = scenarios.filter(({ name }) => names.includes(name))
      expect(chosen, 'scenarios of those names').toHaveLength(names.length)
      for (const scenario of chosen) await matrix.hold(scenario)
    } finally {
      await matrix.dispose()
    }
  })

  test('another machine joins with a token, runs a pod, and is asked by the API server', async () => {
    const other = await JoinedMachine.create(machine)
    try {
      const server = `${other.gateway}:${new URL(machine.state.server ?? '').port}`
      const printed = await machine.mustTimonel('token create', '--print-join-command', '--server', server)
      const [, ...words] = printed.trim().split(' ')
      const joined = await other.timonel([...words, '--node-name', 'guest', '--detach'])
      expect(joined, machine.logs()).toMatchObject({ code: 0 })
      await other.timonel(['image', 'load', archive])
      const waiting = 'trap "exit 0" TERM; echo here; sleep 600 & wait'
      await client.resource(Pod).create(pod('visitor', 'guest', {}, waiting))
      await until('the pod runs there', async () => {
        const { status } = await client.resource(Pod).get(namespace, 'visitor')
        return status?.containerStatuses?.[0]?.ready
      })
      // Its serving certificate is asked for by then, and approved, or the API server would not believe it.
      const path = `/api/v1/namespaces/${namespace}/pods/visitor/log`
      const log = await until('the API server reads its log', () =>
        client.transport.request({ method: 'GET', path }),
      )
      expect(log.body).toContain('here')
      expect(await machine.mustTimonel('token list')).toContain(words[3])
      await machine.mustTimonel('token delete', words[3] ?? '')
      const refused = await other.timonel(['join', '--node-name', 'guest'])
      expect(refused.stderr).toContain('is running already')
      expect((await other.timonel(['down'])).stdout).toContain('"timonel join" resumes it')
    } finally {
      await other.dispose()
    }
    await client.resource(Pod).delete(namespace, 'visitor', { gracePeriodSeconds: 0 })
    await client.resource(Node).delete('', 'guest')
  })

  test('down leaves nothing behind, and the next up has the same nodes', async () => {
    await machine.mustTimonel('down')
    expect(await machine.traces()).toEqual(before)
    await machine.mustTimonel('up', '--detach')
    const { nodes: resumed } = JSON.parse(await machine.mustTimonel('status', '-o', 'json'))
    expect(resumed).toHaveLength(3)
    await machine.mustTimonel('delete')
    expect(await machine.traces()).toEqual(before)
  })
})
