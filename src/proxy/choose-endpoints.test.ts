import { describe, expect, test } from 'vitest'
import { chooseEndpoints } from './choose-endpoints.ts'
import { endpointsByPort } from './endpoint.ts'
import { servicePorts } from './service-port.ts'
import { type SliceEndpoint, serviceOf, sliceOf } from './testing/objects.ts'

type Policies = { readonly internal?: 'Local'; readonly external?: 'Local' }

function choose(endpoints: readonly SliceEndpoint[], { internal, external }: Policies = {}) {
  const [port] = servicePorts(
    serviceOf('web', '10.96.0.1', {
      type: external === undefined ? 'ClusterIP' : 'NodePort',
      ...(internal === undefined ? {} : { internalTrafficPolicy: internal }),
      ...(external === undefined ? {} : { externalTrafficPolicy: external }),
      ports: [{ name: 'http', port: 80, ...(external === undefined ? {} : { nodePort: 30080 }) }],
    }),
    'IPv4',
  )
  const all = endpointsByPort([sliceOf('web', endpoints)], 'IPv4', 'here').get('http/tcp') ?? []
  if (port === undefined) throw new Error('the Service has no port')
  const { cluster, local, reachable, any } = chooseEndpoints(all, port, { nodeName: 'here', zone: 'z1' })
  const names = (list: readonly { ip: string }[]): string =>
    list
      .map(({ ip }) => ip.slice(-1))
      .sort()
      .join('')
  return `cluster ${names(cluster)} local ${names(local)} reachable ${names(reachable)} any ${any}`
}

const ep = (digit: number, more: Partial<SliceEndpoint> = {}): SliceEndpoint => ({
  ip: `10.244.0.${digit}`,
  node: 'there',
  ...more,
})
const here = { node: 'here' }
const notReady = { ready: false, serving: false }
const ending = { ready: false, serving: true, terminating: true }
const ended = { ready: false, serving: false, terminating: true }

describe('chooseEndpoints()', () => {
  test.each([
    ['ready ones', [ep(1), ep(2, here), ep(3, notReady)], {}, 'cluster 12 local  reachable 12 any true'],
    ['none', [], {}, 'cluster  local  reachable  any false'],
    ['nothing but unready', [ep(1, notReady), ep(2, ended)], {}, 'cluster  local  reachable  any false'],
    ['terminating only', [ep(1, ending), ep(2, ended)], {}, 'cluster 1 local  reachable 1 any true'],
    ['terminating beside ready', [ep(1, ending), ep(2)], {}, 'cluster 2 local  reachable 2 any true'],
    ['internal Local', [ep(1), ep(2, here)], { internal: 'Local' }, 'cluster  local 2 reachable 2 any true'],
    ['internal Local, none here', [ep(1)], { internal: 'Local' }, 'cluster  local  reachable  any true'],
    [
      'external Local',
      [ep(1), ep(2, here)],
      { external: 'Local' },
      'cluster 12 local 2 reachable 12 any true',
    ],
    [
      'external Local, terminating here',
      [ep(1), ep(2, { ...here, ...ending })],
      { external: 'Local' },
      'cluster 1 local 2 reachable 12 any true',
    ],
    [
      'both Local, none here',
      [ep(1)],
      { internal: 'Local', external: 'Local' },
      'cluster 1 local  reachable 1 any true',
    ],
  ] as const)('%s', (_, endpoints, policies, expected) => {
    expect(choose(endpoints, policies)).toBe(expected)
  })

  test.each([
    ['same zone', [ep(1, { zones: ['z1'] }), ep(2, { zones: ['z2'] })], 'cluster 1'],
    ['no endpoint for this zone', [ep(1, { zones: ['z3'] }), ep(2, { zones: ['z2'] })], 'cluster 12'],
    ['one without a hint', [ep(1, { zones: ['z1'] }), ep(2)], 'cluster 12'],
    [
      'unready ones need no hint',
      [ep(1, { zones: ['z1'] }), ep(2, { zones: ['z2'] }), ep(3, notReady)],
      'cluster 1',
    ],
    [
      'same node before same zone',
      [ep(1, { zones: ['z1'], nodes: ['here'] }), ep(2, { zones: ['z1'], nodes: ['there'] })],
      'cluster 1',
    ],
    [
      'no endpoint for this node',
      [ep(1, { zones: ['z1'], nodes: ['there'] }), ep(2, { zones: ['z2'], nodes: ['there'] })],
      'cluster 1',
    ],
  ] as const)('hints: %s', (_, endpoints, expected) => {
    expect(choose(endpoints)).toMatch(new RegExp(`^${expected} `))
  })
})
