import type { networking } from '../../../src/api/generated/types/index.ts'
import type { StringMap } from '../../../src/apimachinery/meta.ts'

export interface Scenario {
  readonly name: string
  readonly policies: readonly networking.v1.NetworkPolicy[]
  /** Of namespaces, besides their own. */
  readonly labels?: Readonly<Record<string, StringMap>>
}

type Spec = networking.v1.NetworkPolicySpec
type Rules = Partial<Pick<Spec, 'podSelector' | 'ingress' | 'egress'>>
type Peer = networking.v1.NetworkPolicyPeer
type Port = networking.v1.NetworkPolicyPort

const pods = (...names: readonly string[]) => ({
  matchExpressions: [{ key: 'pod', operator: 'In', values: [...names] }],
})
const namespaces = (...names: readonly string[]) => ({
  matchExpressions: [{ key: 'ns', operator: 'In', values: [...names] }],
})
const tcp = (port: number | string): Port => ({ protocol: 'TCP', port })
const udp = (port: number | string): Port => ({ protocol: 'UDP', port })

/** Of namespace x, in the directions that it has rules for. */
function policy(
  name: string,
  { podSelector = {}, ...rules }: Rules,
  namespace = 'x',
): networking.v1.NetworkPolicy {
  const policyTypes = [
    ...(rules.ingress === undefined ? [] : ['Ingress']),
    ...(rules.egress === undefined ? [] : ['Egress']),
  ]
  return { metadata: { namespace, name }, spec: { podSelector, policyTypes, ...rules } }
}

const from = (peers: readonly Peer[], ...ports: readonly Port[]): Rules => ({
  ingress: [{ from: [...peers], ...(ports.length === 0 ? {} : { ports: [...ports] }) }],
})
const to = (peers: readonly Peer[], ...ports: readonly Port[]): Rules => ({
  egress: [{ to: [...peers], ...(ports.length === 0 ? {} : { ports: [...ports] }) }],
})
const one = (name: string, rules: Rules): Scenario => ({ name, policies: [policy('one', rules)] })
const everywhere: Peer = { namespaceSelector: {} }

/** Thirty things that policies can say. */
export const scenarios: readonly Scenario[] = [
  { name: 'no policy', policies: [] },
  one('deny all', { ingress: [], egress: [] }),
  one('deny ingress', { ingress: [] }),
  one('deny egress', { egress: [] }),
  one('allow all', { ingress: [{}], egress: [{}] }),
  one('deny ingress to one pod', { podSelector: pods('a'), ingress: [] }),
  one('from pods of the namespace', from([{ podSelector: {} }])),
  one('from one pod of the namespace', from([{ podSelector: pods('b') }])),
  one('from a namespace', from([{ namespaceSelector: namespaces('y') }])),
  one('from two namespaces by one selector', from([{ namespaceSelector: namespaces('y', 'z') }])),
  one(
    'from all namespaces but one',
    from([{ namespaceSelector: { matchExpressions: [{ key: 'ns', operator: 'NotIn', values: ['z'] }] } }]),
  ),
  one(
    'from a namespace by its own name',
    from([{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'z' } } }]),
  ),
  one(
    'from pods and a namespace in one peer',
    from([{ podSelector: pods('a'), namespaceSelector: namespaces('y') }]),
  ),
  one('from pods or a namespace', from([{ podSelector: pods('a') }, { namespaceSelector: namespaces('y') }])),
  one('from a pod of any namespace', from([{ ...everywhere, podSelector: pods('c') }])),
  one('from a namespace to a port', from([{ namespaceSelector: namespaces('y') }], tcp(80))),
  one('to a named port', from([everywhere], tcp('serve-81-tcp'))),
  one('UDP only', from([everywhere], udp(80), udp(81))),
  one('a whole protocol', from([everywhere], { protocol: 'TCP' })),
  one('from outside alone', from([{ ipBlock: { cidr: '192.0.2.0/24' } }])),
  one('from everywhere but pods', from([{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.244.0.0/16'] } }])),
  one('to a namespace', to([{ namespaceSelector: namespaces('z') }])),
  one('to a pod at a named port', to([{ ...everywhere, podSelector: pods('b') }], udp('serve-80-udp'))),
  one('to the addresses of one node', to([{ ipBlock: { cidr: '10.244.0.0/24' } }])),
  one('egress of one pod to a port', { podSelector: pods('a'), ...to([everywhere], tcp(81)) }),
  {
    name: 'UDP to a range of ports, in both directions',
    policies: [
      policy('one', {
        ...from([everywhere], { protocol: 'UDP', port: 80, endPort: 81 }),
        ...to([{ podSelector: {} }], { protocol: 'UDP', port: 81, endPort: 90 }),
      }),
    ],
  },
  {
    name: 'several policies of a pod add up',
    policies: [
      policy('first', { podSelector: pods('a'), ...from([{ namespaceSelector: namespaces('y') }], tcp(80)) }),
      policy('second', from([{ namespaceSelector: namespaces('z') }], udp(81))),
    ],
  },
  {
    name: 'an allowance outweighs a refusal',
    policies: [policy('closed', { ingress: [] }), policy('open', { podSelector: pods('b'), ingress: [{}] })],
  },
  {
    name: 'both sides have to agree',
    policies: [
      policy('server', from([{ namespaceSelector: namespaces('y') }])),
      policy('client', { podSelector: pods('a'), ...to([{ namespaceSelector: namespaces('z') }]) }, 'y'),
    ],
  },
  {
    name: 'a namespace that gets a label',
    labels: { z: { team: 'blue' } },
    policies: [policy('one', from([{ namespaceSelector: { matchLabels: { team: 'blue' } } }]))],
  },
]
