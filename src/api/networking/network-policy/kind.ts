import { defineKind } from '../../../apimachinery/define-kind.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { cidrWarnings } from '../../../apimachinery/ip-warnings.ts'
import { formatLabelSelector } from '../../../apimachinery/selectors/label-selector.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fillUnset, mapSame, set } from '../../defaulting.ts'
import type { networking } from '../../generated/types/index.ts'
import { validateNetworkPolicy } from './validate.ts'

type NetworkPolicy = networking.v1.NetworkPolicy
type Ports = { readonly ports?: readonly networking.v1.NetworkPolicyPort[] }

function defaultRule<R extends Ports>(rule: R): R {
  if (rule.ports === undefined) return rule
  const ports = mapSame(rule.ports, (port) => fillUnset(port, { protocol: 'TCP' }))
  return ports === rule.ports ? rule : { ...rule, ports }
}

/** Without types a policy is about ingress, and about egress if it says something about it. */
function defaultNetworkPolicy(policy: NetworkPolicy): NetworkPolicy {
  const { spec } = policy
  if (spec === undefined) return policy
  let next = spec
  if ((spec.policyTypes ?? []).length === 0) {
    const policyTypes = (spec.egress ?? []).length === 0 ? ['Ingress'] : ['Ingress', 'Egress']
    next = { ...next, policyTypes }
  }
  if (spec.ingress !== undefined) next = set(next, 'ingress', mapSame(spec.ingress, defaultRule))
  if (spec.egress !== undefined) next = set(next, 'egress', mapSame(spec.egress, defaultRule))
  return set(policy, 'spec', next)
}

function peerWarnings(
  peers: readonly networking.v1.NetworkPolicyPeer[] | undefined,
  path: FieldPath,
): readonly string[] {
  return (peers ?? []).flatMap(({ ipBlock }, index) => {
    const where = path.index(index).child('ipBlock')
    if (ipBlock === undefined) return []
    const { cidr = '', except = [] } = ipBlock
    const ofExceptions = except.flatMap((one, at) => cidrWarnings(where.child('except').index(at), one))
    return [...cidrWarnings(where.child('cidr'), cidr), ...ofExceptions]
  })
}

function warnings({ spec }: NetworkPolicy): readonly string[] {
  const { ingress = [], egress = [] } = spec ?? {}
  const path = fieldPath('spec')
  return [
    ...ingress.flatMap((rule, index) =>
      peerWarnings(rule.from, path.child('ingress').index(index).child('from')),
    ),
    ...egress.flatMap((rule, index) => peerWarnings(rule.to, path.child('egress').index(index).child('to'))),
  ]
}

export const NetworkPolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.NetworkPolicy',
  shortNames: ['netpol'],
  hasGeneration: true,
  defaults: defaultNetworkPolicy,
  validate: validateNetworkPolicy,
  warnings,
  columns: [
    nameColumn,
    {
      name: 'Pod-Selector',
      type: 'string',
      value: ({ spec }) => formatLabelSelector(spec?.podSelector ?? {}),
    },
    ageColumn,
  ],
})
