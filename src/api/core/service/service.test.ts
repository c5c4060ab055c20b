import { describe, expect, test } from 'vitest'
import type { core } from '../../generated/types/index.ts'
import { changeRejections, created, rejections } from '../../testing/rejections.ts'
import { Service } from './kind.ts'

function web(spec: core.v1.ServiceSpec = {}): core.v1.Service {
  const ports = [{ name: 'http', port: 80 }]
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.5', selector: { app: 'web' }, ports, ...spec },
  }
}

test('Service.defaults() makes a service within the cluster', () => {
  expect(created(Service, web()).spec).toMatchObject({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    clusterIPs: ['10.96.0.5'],
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }],
  })
})

describe('Service.validate()', () => {
  test.each<[string, core.v1.ServiceSpec, readonly string[]]>([
    ['wants ports', { ports: [] }, ['spec.ports: Required value']],
    [
      'wants names where there are several ports',
      { ports: [{ port: 80 }, { name: 'b', port: 81 }] },
      ['spec.ports[0].name: Required value'],
    ],
    [
      'refuses a name twice',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 81 },
        ],
      },
      ['spec.ports[1].name: Duplicate value: "a"'],
    ],
    [
      'refuses a port out of range',
      { ports: [{ port: 70_000 }] },
      [
        'spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'refuses unknown types',
      { type: 'Other' },
      [
        'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      'refuses unknown affinities',
      { sessionAffinity: 'Cookie' },
      ['spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
    ],
    [
      'wants the name of an ExternalName',
      { type: 'ExternalName', clusterIP: '' },
      ['spec.externalName: Required value'],
    ],
    [
      'refuses what is no address',
      { clusterIP: 'abc' },
      [
        'spec.clusterIPs[0]: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(rejections(Service, web(spec))).toEqual(expect.arrayContaining([...expected]))
  })

  test('keeps the cluster IP', () => {
    expect(
      changeRejections(Service, web(), (old) => ({
        ...old,
        spec: { ...old.spec, clusterIP: '10.96.0.6', clusterIPs: ['10.96.0.6'] },
      })),
    ).toEqual(['spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set'])
  })
})
