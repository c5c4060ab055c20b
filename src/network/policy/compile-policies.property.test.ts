import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core, networking } from '../../api/generated/types/index.ts'
import { formatIp, parseIp } from '../../apimachinery/ip-address.ts'
import { type AdminNetworkPolicy, parseAdminPolicy } from './admin-policy.ts'
import { compilePolicies } from './compile-policies.ts'
import { parsePolicy } from './parsed-policy.ts'
import { policyNode } from './policy-node.ts'
import { policyPod } from './policy-pod.ts'
import { PolicyTable, staleChainRestMs } from './policy-table.ts'
import { mayPass, mayReachOwnNode, type PlainWorld } from './testing/may-pass.ts'
import { ModelTable, type Packet } from './testing/model-table.ts'

const here = 'node-1'
const nodeAddress = { 4: '10.0.0.33', 6: 'fd00::21' } as const
const namespaces = ['red', 'blue']
const labels = fc.subarray(['a', 'b']).map((keys) => Object.fromEntries(keys.map((key) => [key, '1'])))
const selector = fc.oneof(
  fc.constant({}),
  fc.constantFrom('a', 'b').map((key) => ({ matchLabels: { [key]: '1' } })),
  fc.constantFrom('a', 'b').map((key) => ({ matchExpressions: [{ key, operator: 'DoesNotExist' }] })),
)
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP')

const port: fc.Arbitrary<networking.v1.NetworkPolicyPort> = fc.oneof(
  protocol.map((each) => ({ protocol: each })),
  fc.record({ protocol, port: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ protocol, port: fc.integer({ min: 1, max: 3 }), endPort: fc.integer({ min: 3, max: 6 }) }),
  fc.record({ protocol, port: fc.constantFrom('web', 'dns') }),
)

const block: fc.Arbitrary<networking.v1.NetworkPolicyPeer> = fc
  .record({
    cidr: fc.constantFrom('0.0.0.0/0', '10.0.0.0/30', '10.0.0.2/31', '10.0.0.4/32', 'fd00::/126', '::/0'),
    except: fc.subarray(['10.0.0.1/32', '10.0.0.2/31', '10.0.0.0/28', 'fd00::2/127']),
  })
  .map((ipBlock) => ({ ipBlock }))

const peer = fc.oneof(
  block,
  selector.map((podSelector) => ({ podSelector })),
  selector.map((namespaceSelector) => ({ namespaceSelector })),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
)
const few = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(each, { maxLength: 2 })
const ports = few(port)
const peers = few(peer)

const policy: fc.Arbitrary<networking.v1.NetworkPolicy> = fc
  .record({
    namespace: fc.constantFrom(...namespaces),
    podSelector: selector,
    policyTypes: fc.subarray(['Ingress', 'Egress'], { minLength: 1 }),
    ingress: few(fc.record({ from: peers, ports })),
    egress: few(fc.record({ to: peers, ports })),
  })
  .map(({ namespace, ...spec }) => ({ metadata: { namespace }, spec }))

const subject = fc.oneof(
  selector.map((namespaces) => ({ namespaces })),
  fc.record({ namespaceSelector: selector, podSelector: selector }).map((pods) => ({ pods })),
)
const address = fc.oneof(
  fc
    .constantFrom('0.0.0.0/0', '10.0.0.2/31', '10.0.0.32/29', '::/0', 'fd00::2/127')
    .map((cidr) => ({ networks: [cidr] })),
  selector.map((nodes) => ({ nodes })),
)
const adminPort = fc.oneof(
  fc.record({ protocol, port: fc.integer({ min: 1, max: 6 }) }).map((portNumber) => ({ portNumber })),
  fc
    .record({ protocol, start: fc.integer({ min: 1, max: 3 }), end: fc.integer({ min: 3, max: 6 }) })
    .map((portRange) => ({ portRange })),
  fc.constantFrom('web', 'dns').map((namedPort) => ({ namedPort })),
)

/** `others`: what else than pods may be a peer. */
const adminRules = (
  side: 'from' | 'to',
  actions: readonly string[],
  others: readonly (typeof address)[],
): fc.Arbitrary<object[]> =>
  fc.array(
    fc
      .record({
        action: fc.constantFrom(...actions),
        ports: few(adminPort),
        peers: fc.array(fc.oneof(subject, ...others), { minLength: 1, maxLength: 2 }),
      })
      .map(({ peers: all, ...rule }) => ({ ...rule, [side]: all })),
    { maxLength: 3 },
  )

const adminPolicies = (most: number, actions: readonly string[]): fc.Arbitrary<AdminNetworkPolicy[]> =>
  fc
    .array(
      fc.record({
        subject,
        ingress: adminRules('from', actions, []),
        egress: adminRules('to', actions, [address]),
      }),
      { maxLength: most },
    )
    .map((specs) =>
      // Out of their order.
      specs.map((spec, index) => ({
        metadata: { name: `admin-${index}` },
        spec: { ...spec, priority: specs.length - index },
      })),
    )

const nodes: fc.Arbitrary<core.v1.Node[]> = fc.tuple(labels, labels).map((each) =>
  each.map((own, index) => ({
    metadata: { name: `node-${index + 1}`, labels: own },
    status: {
      addresses: [`10.0.0.${33 + index}`, `fd00::${(33 + index).toString(16)}`].map((each) => ({
        type: 'InternalIP',
        address: each,
      })),
    },
  })),
)

const pod: fc.Arbitrary<core.v1.Pod> = fc
  .record({
    namespace: fc.constantFrom(...namespaces),
    labels,
    nodeName: fc.constantFrom(here, 'node-2'),
    hostNetwork: fc.constantFrom(false, false, false, true),
    web: fc.integer({ min: 1, max: 6 }),
    phase: fc.constantFrom('Running', 'Running', 'Running', 'Succeeded'),
  })
  .map(({ namespace, labels: own, nodeName, hostNetwork, web, phase }) => ({
    metadata: { namespace, labels: own },
    spec: {
      nodeName,
      hostNetwork,
      containers: [
        {
          name: 'c',
          ports: [
            { name: 'web', containerPort: web },
            { name: 'dns', protocol: 'UDP', containerPort: 5 },
          ],
        },
      ],
    },
    status: { phase },
  }))

const world: fc.Arbitrary<PlainWorld> = fc
  .record({
    policies: fc.array(policy, { maxLength: 4 }),
    red: labels,
    blue: labels,
    pods: fc.array(pod, { maxLength: 5 }),
    nodes,
    adminPolicies: fc.oneof(fc.constant([]), adminPolicies(3, ['Allow', 'Deny', 'Pass'])),
    baseline: fc.oneof(fc.constant([]), adminPolicies(1, ['Allow', 'Deny'])),
  })
  .map(({ policies, red, blue, pods, ...rest }) => ({
    ...rest,
    policies: policies.map((each, index) => ({ ...each, metadata: { ...each.metadata, name: `p${index}` } })),
    namespaces: new Map([
      ['red', red],
      ['blue', blue],
    ]),
    pods: pods.map((each, index) => ({
      ...each,
      status: { ...each.status, podIPs: [{ ip: `10.0.0.${index + 1}` }, { ip: `fd00::${index + 1}` }] },
    })),
  }))

const packet: fc.Arbitrary<Packet> = fc
  .record({
    v6: fc.boolean(),
    from: fc.integer({ min: 0, max: 6 }),
    to: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 33, 34),
    protocol: fc.constantFrom('tcp', 'tcp', 'udp', 'sctp', 'icmp'),
    port: fc.integer({ min: 1, max: 7 }),
  })
  .map(({ v6, from, to, ...rest }) => {
    const address = (last: number) =>
      parseIp(v6 ? `fd00::${last.toString(16)}` : `10.0.0.${last}`) ?? { family: 4, value: 0n }
    return { from: address(from), to: address(to), ...rest }
  })

const text = ({ from, to, protocol: of, port: number }: Packet): string =>
  `${formatIp(from)} to ${formatIp(to)}, ${of} ${number}`

const compiled = ({ policies, namespaces: labelsOf, pods, ...world }: PlainWorld) =>
  compilePolicies({
    policies: policies.map(parsePolicy),
    adminPolicies: [
      ...world.adminPolicies.map((each) => parseAdminPolicy(each, 'admin')),
      ...world.baseline.map((each) => parseAdminPolicy(each, 'baseline')),
    ],
    nodes: world.nodes.map((node) => policyNode(node, node.metadata?.name === here)),
    namespaces: labelsOf,
    pods: pods.flatMap((each) => policyPod(each, here) ?? []),
    judgedNodeAddresses: [],
  })

test('the table lets pass what the documents say, from change to change', () => {
  fc.assert(
    fc.property(
      fc.array(world, { minLength: 1, maxLength: 3 }),
      fc.array(packet, { minLength: 20, maxLength: 40 }),
      (worlds, packets) => {
        const kernel = new ModelTable()
        const table = new PolicyTable('inet test')
        let there = false
        for (const [index, each] of worlds.entries()) {
          const content = compiled(each)
          const nowMs = index * staleChainRestMs
          const sweep = there ? table.sweep(nowMs) : undefined
          kernel.apply(sweep?.commands ?? [])
          sweep?.commit()
          const change =
            content !== undefined && there ? table.incremental(content, nowMs) : table.full(content)
          kernel.apply(change.commands)
          change.commit()
          there = content !== undefined
          for (const one of packets) {
            expect(!there || kernel.passes(one), text(one)).toBe(mayPass(each, one, here))
            const toHere = { ...one, to: parseIp(nodeAddress[one.from.family]) ?? one.to }
            const expected = mayReachOwnNode(each, toHere, here)
            expect(!there || kernel.passes(toHere, 'input'), text(toHere)).toBe(expected)
          }
          if (content === undefined) continue
          const fresh = new ModelTable()
          fresh.apply(new PolicyTable('inet test').full(content).commands)
          const last = table.sweep(Number.MAX_SAFE_INTEGER)
          kernel.apply(last?.commands ?? [])
          last?.commit()
          expect(kernel.chains).toEqual(fresh.chains)
        }
      },
    ),
    { numRuns: 300 },
  )
})
