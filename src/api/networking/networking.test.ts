import { describe, expect, test } from 'vitest'
import type { networking } from '../generated/types/index.ts'
import { changeRejections, created, rejections } from '../testing/rejections.ts'
import { Ingress } from './ingress/kind.ts'
import { IngressClass } from './ingress-class/kind.ts'
import { IPAddress } from './ip-address/kind.ts'
import { NetworkPolicy } from './network-policy/kind.ts'
import { ServiceCIDR } from './service-cidr/kind.ts'

const metadata = { name: 'web', namespace: 'default' }

describe('Ingress.validate()', () => {
  const service = { name: 'web', port: { number: 80 } }
  const rule = (path: Partial<networking.v1.HTTPIngressPath>): networking.v1.IngressSpec => ({
    rules: [
      {
        host: 'web.example.com',
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service }, ...path }] },
      },
    ],
  })
  test.each<[string, networking.v1.IngressSpec, readonly string[]]>([
    ['takes what is right', rule({}), []],
    [
      'wants something to serve',
      {},
      ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    ],
    [
      'wants absolute paths',
      rule({ path: 'x' }),
      ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path'],
    ],
    [
      'refuses paths that go up',
      rule({ path: '/a/../b' }),
      [`spec.rules[0].http.paths[0].path: Invalid value: "/a/../b": must not contain '/../'`],
    ],
    [
      'refuses unknown types of paths',
      rule({ pathType: 'Regex' }),
      [
        'spec.rules[0].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"',
      ],
    ],
    [
      'wants a backend',
      rule({ backend: {} }),
      ['spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required'],
    ],
    [
      'refuses addresses as hosts',
      { rules: [{ host: '10.0.0.1' }] },
      ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(rejections(Ingress, { metadata, spec })).toEqual(expected)
  })
})

describe('NetworkPolicy', () => {
  const policy = (spec: networking.v1.NetworkPolicySpec): networking.v1.NetworkPolicy => ({
    metadata,
    spec: { podSelector: {}, ...spec },
  })
  test('defaults() learns what it is about from what it says', () => {
    const egress = [{ ports: [{ port: 53 }] }]
    expect(created(NetworkPolicy, policy({ egress })).spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
    })
    expect(created(NetworkPolicy, policy({})).spec?.policyTypes).toEqual(['Ingress'])
  })
  test.each<[string, networking.v1.NetworkPolicySpec, readonly string[]]>([
    [
      'wants peers that are some',
      { ingress: [{ from: [{}] }] },
      ['spec.ingress[0].from[0]: Required value: must specify a peer'],
    ],
    [
      'refuses blocks beside selectors',
      { ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      ['spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer'],
    ],
    [
      'wants exceptions within the block',
      { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['192.168.0.0/16'] } }] }] },
      [
        'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "192.168.0.0/16": must be a strict subset of `cidr`',
      ],
    ],
    [
      'wants the end of a range after its start',
      { ingress: [{ ports: [{ port: 80, endPort: 70 }] }] },
      ['spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`'],
    ],
  ])('validate() %s', (_name, spec, expected) => {
    expect(rejections(NetworkPolicy, policy(spec))).toEqual(expected)
  })
  test('warnings() tells of ambiguous blocks', () => {
    const from = [{ ipBlock: { cidr: '10.1.2.3/8' } }]
    expect(NetworkPolicy.warnings?.(policy({ ingress: [{ from }] }), undefined)).toEqual([
      'spec.ingress[0].from[0].ipBlock.cidr: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
    ])
  })
})

test('IngressClass.validate() keeps the controller and wants a namespace where it counts', () => {
  const spec = { controller: 'example.com/c' }
  const parameters = { kind: 'P', name: 'p', scope: 'Namespace' }
  const object = { metadata: { name: 'c' }, spec }
  expect(rejections(IngressClass, { ...object, spec: { ...spec, parameters } })).toEqual([
    "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ])
  const change = { ...object, spec: { controller: 'example.com/d' } }
  expect(changeRejections(IngressClass, object, () => change)).toEqual([
    'spec.controller: Invalid value: "example.com/d": field is immutable',
  ])
})

test('IPAddress.validate() wants canonical names and an owner', () => {
  const object = { metadata: { name: '2001:DB8::1' }, spec: { parentRef: { resource: '', name: 'web' } } }
  expect(rejections(IPAddress, object)).toEqual([
    'metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
    'spec.parentRef.resource: Required value',
  ])
})

test('ServiceCIDR.validate() lets a second family come and nothing else', () => {
  const object = { metadata: { name: 'extra' }, spec: { cidrs: ['10.0.0.0/24'] } }
  const to = (cidrs: readonly string[]) => () => ({ ...object, spec: { cidrs } })
  expect(rejections(ServiceCIDR, { ...object, spec: { cidrs: ['10.0.0.1/24'] } })).toEqual([
    'spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
  ])
  expect(changeRejections(ServiceCIDR, object, to(['10.0.0.0/24', '2001:db8::/64']))).toEqual([])
  expect(changeRejections(ServiceCIDR, object, to(['10.1.0.0/24']))).toEqual([
    'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
  ])
})
