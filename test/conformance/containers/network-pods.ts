import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import type { Behave, Table } from '../support/suite.ts'
import { asker, askHttp, askUdp, namedServer, talkingServer, who } from './net-servers.ts'

/** A server on each node hears from a pod, or from a node's own network. */
const reach =
  (by: 'http' | 'udp', fromNode: boolean): Behave<ContainerGround> =>
  async (ground) => {
    const servers = ground.nodes.map((nodeName) => {
      const name = `server-${nodeName}`
      return by === 'http'
        ? namedServer(name, { spec: { nodeName } })
        : talkingServer(name, { udp: { 8081: name } }, { spec: { nodeName } })
    })
    const from = { hostNetwork: fromNode }
    const client = by === 'http' ? asker('client', from) : talkingServer('client', {}, { spec: from })
    await Promise.all([...servers, client].map((pod) => ground.start(pod)))
    await ground.ready('client')
    for (const { metadata } of servers) {
      const { status } = await ground.ready(metadata.name)
      await ground.eventually(async () => {
        const answer =
          by === 'http'
            ? await askHttp(ground, 'client', `${status.podIP}:8080${who}`)
            : await askUdp(ground, 'client', status.podIP, 8081)
        expect(answer).toBe(metadata.name)
      })
    }
  }

/** One host port, three times: on two addresses, and over two protocols. */
const hostPorts: Behave<ContainerGround> = async (ground) => {
  const [nodeName = ''] = ground.nodes
  const hostPort = 54323
  const { status: node } = await ground.api.get(`/api/v1/nodes/${nodeName}`)
  const [{ address: hostIP }] = JSON.parse(JSON.stringify(node?.addresses))
  const pod = (name: string, ip: string, protocol: string) => {
    const container = { ports: [{ containerPort: 8080, hostPort, hostIP: ip, protocol }] }
    const sayings = { http: { 8080: name }, udp: { 8080: name } }
    return talkingServer(name, sayings, { container, spec: { nodeSelector: named(nodeName) } })
  }
  const pods = [pod('pod1', '127.0.0.1', 'TCP'), pod('pod2', hostIP, 'TCP'), pod('pod3', hostIP, 'UDP')]
  const client = talkingServer('client', {}, { spec: { nodeName, hostNetwork: true } })
  for (const each of [...pods, client]) await ground.start(each)
  await Promise.all(['pod1', 'pod2', 'pod3', 'client'].map((name) => ground.ready(name)))
  const hears = (ask: () => Promise<string>, expected: string) =>
    ground.eventually(async () => expect(await ask()).toBe(expected))
  // Once in a row, as upstream has it: all three answer at the same time.
  await hears(() => askHttp(ground, 'client', `127.0.0.1:${hostPort}`), 'pod1')
  await hears(() => askHttp(ground, 'client', `${hostIP}:${hostPort}`), 'pod2')
  await hears(() => askUdp(ground, 'client', hostIP, hostPort), 'pod3')
}

const named = (node: string) => ({ 'kubernetes.io/hostname': node })

const granular = (what: string, marks: string) =>
  `[sig-network] Networking Granular Checks: Pods should function for ${what} ${marks}`

/** From pod to pod, from node to pod, and to host ports. */
export const networkPods: Table<ContainerGround> = {
  [granular('intra-pod communication: http', '[NodeConformance]')]: reach('http', false),
  [granular('intra-pod communication: udp', '[NodeConformance]')]: reach('udp', false),
  [granular('node-pod communication: http', '[LinuxOnly] [NodeConformance]')]: reach('http', true),
  [granular('node-pod communication: udp', '[LinuxOnly] [NodeConformance]')]: reach('udp', true),
  '[sig-network] HostPort validates that there is no conflict between pods with same hostPort but different hostIP and protocol [LinuxOnly]':
    hostPorts,
}
