import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { containsIp, parseCidr } from '../../../apimachinery/ip-address.ts'
import { validateLegacyCidr } from '../../../apimachinery/ip-validation.ts'
import {
  hasInvalidLabelValue,
  validateLabelSelector,
} from '../../../apimachinery/label-selector-validation.ts'
import { isPortName, isPortNumber } from '../../../apimachinery/label-syntax.ts'
import { checkText } from '../../checks.ts'
import type { networking } from '../../generated/types/index.ts'

type NetworkPolicy = networking.v1.NetworkPolicy
type Peer = networking.v1.NetworkPolicyPeer
type Port = networking.v1.NetworkPolicyPort

const policyTypes: readonly string[] = ['Ingress', 'Egress']

/** What an update may keep although it is wrong. */
interface Known {
  readonly cidrs: readonly string[]
  readonly invalidSelectors: boolean
}

function checkPort(port: number, where: FieldPath, errors: FieldError[]): void {
  for (const complaint of isPortNumber(port)) errors.push(invalidValue(where, port, complaint))
}

function validatePort({ protocol, port, endPort }: Port, path: FieldPath, errors: FieldError[]): void {
  const end = path.child('endPort')
  if (protocol !== undefined && !['TCP', 'UDP', 'SCTP'].includes(protocol))
    errors.push(notSupported(path.child('protocol'), protocol, ['TCP', 'UDP', 'SCTP']))
  if (port === undefined) {
    const detail = 'may not be specified when `port` is not specified'
    if (endPort !== undefined) errors.push(invalidValue(end, endPort, detail))
  } else if (typeof port === 'string') {
    const detail = 'may not be specified when `port` is non-numeric'
    if (endPort !== undefined) errors.push(invalidValue(end, endPort, detail))
    checkText(port, isPortName, path.child('port'), errors)
  } else {
    checkPort(port, path.child('port'), errors)
    if (endPort === undefined) return
    if (endPort < port) errors.push(invalidValue(end, port, 'must be greater than or equal to `port`'))
    checkPort(endPort, end, errors)
  }
}

function validateBlock(
  { cidr = '', except = [] }: networking.v1.IPBlock,
  known: Known,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (cidr === '') {
    errors.push(required(path.child('cidr')))
    return
  }
  validateLegacyCidr(cidr, path.child('cidr'), errors, known.cidrs)
  const range = parseCidr(cidr, { allowLeadingZeros: true })
  if (range === undefined) return
  except.forEach((text, index) => {
    const where = path.child('except').index(index)
    validateLegacyCidr(text, where, errors, known.cidrs)
    const part = parseCidr(text, { allowLeadingZeros: true })
    if (part === undefined) return
    if (!containsIp(range, part.base) || range.prefixBits >= part.prefixBits)
      errors.push(invalidValue(where, text, 'must be a strict subset of `cidr`'))
  })
}

function validatePeer(peer: Peer, known: Known, path: FieldPath, errors: FieldError[]): void {
  let peers = 0
  for (const field of ['podSelector', 'namespaceSelector'] as const) {
    if (peer[field] === undefined) continue
    peers++
    validateLabelSelector(peer[field], path.child(field), errors, known.invalidSelectors)
  }
  if (peer.ipBlock !== undefined) {
    validateBlock(peer.ipBlock, known, path.child('ipBlock'), errors)
    if (peers > 0) errors.push(fieldForbidden(path, 'may not specify both ipBlock and another peer'))
  } else if (peers === 0) errors.push(required(path, 'must specify a peer'))
}

function validateRule(
  ports: readonly Port[] | undefined,
  peers: readonly Peer[] | undefined,
  side: 'from' | 'to',
  known: Known,
  path: FieldPath,
  errors: FieldError[],
): void {
  ports?.forEach((port, index) => {
    validatePort(port, path.child('ports').index(index), errors)
  })
  peers?.forEach((peer, index) => {
    validatePeer(peer, known, path.child(side).index(index), errors)
  })
}

function peersOf({ spec }: NetworkPolicy): readonly Peer[] {
  const { ingress = [], egress = [] } = spec ?? {}
  return [...ingress.flatMap((rule) => rule.from ?? []), ...egress.flatMap((rule) => rule.to ?? [])]
}

const cidrsOf = (policy: NetworkPolicy): readonly string[] =>
  peersOf(policy).flatMap(({ ipBlock }) =>
    ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])],
  )

export function validateNetworkPolicy(
  policy: NetworkPolicy,
  old: NetworkPolicy | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const { spec = {} } = policy
  const known = {
    cidrs: old === undefined ? [] : cidrsOf(old),
    invalidSelectors: hasInvalidLabelValue(old?.spec?.podSelector),
  }
  validateLabelSelector(spec.podSelector, path.child('podSelector'), errors, known.invalidSelectors)
  spec.ingress?.forEach((rule, index) => {
    validateRule(rule.ports, rule.from, 'from', known, path.child('ingress').index(index), errors)
  })
  spec.egress?.forEach((rule, index) => {
    validateRule(rule.ports, rule.to, 'to', known, path.child('egress').index(index), errors)
  })
  const types = spec.policyTypes ?? []
  const where = path.child('policyTypes')
  if (types.length > policyTypes.length)
    errors.push(invalidValue(where, types, 'may not specify more than two policyTypes'))
  else
    types.forEach((type, index) => {
      if (!policyTypes.includes(type)) errors.push(notSupported(where.index(index), type, policyTypes))
    })
  return errors
}
