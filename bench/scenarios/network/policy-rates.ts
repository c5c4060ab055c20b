import { performance } from 'node:perf_hooks'
import type { networking } from '../../../src/api/generated/types/index.ts'
import { parseIp } from '../../../src/apimachinery/ip-address.ts'
import { NetworkLab } from '../../../src/base/host/testing/network-lab.ts'
import { compilePolicies, type PolicyWorld } from '../../../src/network/policy/compile-policies.ts'
import { parsePolicy } from '../../../src/network/policy/parsed-policy.ts'
import type { PolicyPod } from '../../../src/network/policy/policy-pod.ts'
import { PolicyTable } from '../../../src/network/policy/policy-table.ts'
import type { Report } from '../../report.ts'

const gateway = '10.244.0.1'
const server = '10.244.0.2'
const client = '10.244.0.3'
const port = 8080
const forMs = 3_000
const counts = [0, 100, 5_000]

/** Connects again and again, some at a time, and prints how many were answered in a second. */
const loadScript = `
const { connect } = require('node:net')
const [host, port, forMs] = process.argv.slice(1)
let done = 0
const endMs = performance.now() + Number(forMs)
const one = () => {
  if (performance.now() > endMs) return
  const socket = connect({ host, port: Number(port) })
  socket.on('error', () => {}).on('data', () => {}).on('end', () => { done++ }).on('close', one)
}
for (let i = 0; i < 32; i++) one()
process.on('exit', () => console.log(done / Number(forMs) * 1000))
`

function podAt(address: string, labels: Record<string, string>, local: boolean): PolicyPod {
  const parsed = parseIp(address)
  return { namespace: 'default', labels, local, namedPorts: new Map(), addresses: parsed ? [parsed] : [] }
}

/** Policies that all select both pods, each with a peer of its own; the last one's is the client. */
function world(count: number): PolicyWorld {
  const policies = Array.from({ length: count }, (_, index): networking.v1.NetworkPolicy => {
    const admitted = { matchLabels: { peer: index === count - 1 ? 'client' : `${index}` } }
    return {
      metadata: { namespace: 'default', name: `policy-${index}` },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: admitted }], ports: [{ protocol: 'TCP', port }] }],
      },
    }
  })
  const peers = Array.from({ length: count }, (_, index) =>
    podAt(`10.245.${index >> 8}.${index & 255}`, { peer: `${index}` }, false),
  )
  return {
    policies: policies.map(parsePolicy),
    adminPolicies: [],
    namespaces: new Map([['default', {}]]),
    nodes: [],
    judgedNodeAddresses: [],
    pods: [podAt(server, {}, true), podAt(client, { peer: 'client' }, true), ...peers],
  }
}

/** New connections from pod to pod over a node, with more and more policies that select both. */
export async function policyRates(report: Report): Promise<void> {
  const lab = new NetworkLab()
  try {
    const node = await lab.namespace('node')
    await node('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
    await lab.pod('node', 'server', server, gateway)
    await lab.serve('server', port)
    const run = await lab.pod('node', 'client', client, gateway)
    const rate = async (): Promise<number> =>
      Number(await run(process.execPath, ['-e', loadScript, server, String(port), String(forMs)]))
    await rate()
    for (const count of counts) {
      const atMs = performance.now()
      const content = compilePolicies(world(count))
      const compileMs = Math.round(performance.now() - atMs)
      const { commands } = new PolicyTable('inet bench-policy').full(content)
      await node('nft', ['-f', '-'], { input: `${commands.join('\n')}\n`, timeoutMs: 60_000 })
      const writeMs = Math.round(performance.now() - atMs) - compileMs
      report.extra(`connections between pods, ${count} policies`, '/s', await rate(), { compileMs, writeMs })
    }
  } finally {
    await lab.close()
  }
}
