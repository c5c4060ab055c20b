import { describe, expect, test } from 'vitest'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { messageOf } from '../../../base/message-of.ts'
import { allocationResult } from './allocation-result.ts'
import { Allocator, type AllocatorParts } from './allocator.ts'
import { DeviceMatcher } from './device-matcher.ts'
import { gatherPools } from './device-pools.ts'

type Device = resource.v1.Device
type Request = resource.v1.DeviceRequest
type Claim = resource.v1.ResourceClaim

const driver = 'gpu.example.com'
const node: core.v1.Node = { metadata: { name: 'n', labels: { zone: 'a' } } }

const gpu = (name: string, more: Partial<Device> = {}): Device => ({ name, ...more })
const model = (text: string): Partial<Device> => ({ attributes: { model: { string: text } } })
const slice = (
  name: string,
  devices: readonly Device[],
  more: Partial<resource.v1.ResourceSliceSpec> = {},
): resource.v1.ResourceSlice => ({
  metadata: { name },
  spec: {
    driver,
    nodeName: 'n',
    pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
    devices,
    ...more,
  },
})
const ask = (name: string, more: Partial<resource.v1.ExactDeviceRequest> = {}): Request => ({
  name,
  exactly: { deviceClassName: 'gpu', ...more },
})
const claim = (requests: readonly Request[], more: Partial<resource.v1.DeviceClaim> = {}): Claim => ({
  metadata: { name: 'c', namespace: 'default', uid: 'c' },
  spec: { devices: { requests, ...more } },
})
const cel = (expression: string) => ({ selectors: [{ cel: { expression } }] })
const isModel = (text: string) => cel(`device.attributes["${driver}"].model == "${text}"`)

interface Settings {
  readonly taken?: readonly string[]
  readonly shared?: Readonly<Record<string, bigint>>
  readonly gates?: Partial<AllocatorParts['gates']>
}

function search(
  slices: readonly resource.v1.ResourceSlice[],
  { taken = [], shared, gates = {} }: Settings = {},
) {
  const all = { partitions: true, sharing: true, preparation: false, ...gates }
  const pools = gatherPools(node, { forNode: () => slices, all: () => slices }, all.partitions)
  let shares = 0
  const parts: AllocatorParts = {
    taken: {
      isTaken: (id) => taken.includes(id.split('/')[2] ?? ''),
      capacityOf: () => (shared === undefined ? undefined : new Map(Object.entries(shared))),
    },
    matcher: new DeviceMatcher(),
    gates: all,
    taintsOf: ({ device }) => device.taints ?? [],
    classOf: (name) =>
      name === 'gpu' ? { metadata: { name }, spec: cel(`device.driver == "${driver}"`) } : undefined,
    shareId: () => `share-${++shares}`,
  }
  return new Allocator(parts, node, pools)
}

/** `request=device`, one claim after the other; the error where it throws. */
function found(
  slices: readonly resource.v1.ResourceSlice[],
  claims: readonly Claim[],
  settings?: Settings,
): string {
  try {
    const allocations = search(slices, settings).allocate(claims)
    if (allocations === undefined) return 'none'
    return allocations
      .map(({ devices }, place) => {
        const result = allocationResult(claims[place] ?? claim([]), { devices, chosen: [] }, 'n')
        return (result.devices?.results ?? []).map((each) => `${each.request}=${each.device}`).join(' ')
      })
      .join(', ')
  } catch (error) {
    return messageOf(error)
  }
}

const either = (name: string, ...alternatives: readonly resource.v1.DeviceSubRequest[]): Request => ({
  name,
  firstAvailable: alternatives,
})
const alternative = (name: string, text: string): resource.v1.DeviceSubRequest => ({
  ...{ name, deviceClassName: 'gpu' },
  ...isModel(text),
})
const small = gpu('s1', model('small'))
const big = gpu('b1', model('big'))
const uses = (amount: string): Partial<Device> => ({
  consumesCounters: [{ counterSet: 'memory', counters: { gi: { value: amount } } }],
})
const counters = { sharedCounters: [{ name: 'memory', counters: { gi: { value: '4' } } }] }
const partitions = (...devices: readonly Device[]) => {
  const pool = { name: 'pool', generation: 1, resourceSliceCount: 2 }
  const sets: resource.v1.ResourceSlice = {
    metadata: { name: 'a' },
    spec: { driver, nodeName: 'n', pool, ...counters },
  }
  return [sets, slice('b', devices, { pool })]
}
const shared = gpu('m1', { allowMultipleAllocations: true, capacity: { memory: { value: '10' } } })
const wants = (memory: string) => ({ capacity: { requests: { memory } } })
const taint = { taints: [{ key: 'broken', effect: 'NoSchedule' }] }

describe('Allocator', () => {
  test.each<[string, string, string]>([
    [
      'takes the first that is free',
      found([slice('s', [gpu('g1'), gpu('g2')])], [claim([ask('r')])], { taken: ['g1'] }),
      'r=g2',
    ],
    [
      'takes as many as are asked for',
      found([slice('s', [gpu('g1'), gpu('g2')])], [claim([ask('r', { count: 2 })])]),
      'r=g1 r=g2',
    ],
    [
      'finds none where there are too few',
      found([slice('s', [gpu('g1')])], [claim([ask('r', { count: 2 })])]),
      'none',
    ],
    [
      'gives each claim its own',
      found([slice('s', [gpu('g1'), gpu('g2')])], [claim([ask('r')]), claim([ask('r')])]),
      'r=g1, r=g2',
    ],
    ['selects', found([slice('s', [small, big])], [claim([ask('r', isModel('big'))])]), 'r=b1'],
    [
      'goes back where the first choice leaves too little',
      found([slice('s', [big, small])], [claim([ask('any'), ask('r', isModel('big'))])]),
      'any=s1 r=b1',
    ],
    [
      'takes all',
      found([slice('s', [small, big])], [claim([ask('r', { allocationMode: 'All' })])]),
      'r=s1 r=b1',
    ],
    [
      'not all where one is taken',
      found([slice('s', [small, big])], [claim([ask('r', { allocationMode: 'All' })])], { taken: ['b1'] }),
      'none',
    ],
    [
      'prefers the earlier alternative',
      found(
        [slice('s', [small, big])],
        [claim([either('r', alternative('x', 'big'), alternative('y', 'small'))])],
      ),
      'r/x=b1',
    ],
    [
      'takes the later where it must',
      found(
        [slice('s', [small])],
        [claim([either('r', alternative('x', 'big'), alternative('y', 'small'))])],
      ),
      'r/y=s1',
    ],
    [
      'lets administrators have what is taken',
      found([slice('s', [small])], [claim([ask('r', { adminAccess: true })])], { taken: ['s1'] }),
      'r=s1',
    ],
    [
      'matches an attribute',
      found(
        [slice('s', [small, big, gpu('b2', model('big'))])],
        [claim([ask('r', { count: 2 })], { constraints: [{ matchAttribute: `${driver}/model` }] })],
      ),
      'r=b1 r=b2',
    ],
    [
      'distinguishes an attribute',
      found(
        [slice('s', [big, gpu('b2', model('big')), small])],
        [claim([ask('r', { count: 2 })], { constraints: [{ distinctAttribute: `${driver}/model` }] })],
      ),
      'r=b1 r=s1',
    ],
    [
      'constrains only the requests that are named',
      found(
        [slice('s', [small, big])],
        [
          claim([ask('r'), ask('q')], {
            constraints: [{ requests: ['r'], matchAttribute: `${driver}/model` }],
          }),
        ],
      ),
      'r=s1 q=b1',
    ],
    [
      'passes over tainted devices',
      found([slice('s', [gpu('g1', taint), gpu('g2')])], [claim([ask('r')])]),
      'r=g2',
    ],
    [
      'takes them where they are tolerated',
      found([slice('s', [gpu('g1', taint)])], [claim([ask('r', { tolerations: [{ operator: 'Exists' }] })])]),
      'r=g1',
    ],
    [
      'counts what partitions use',
      found(partitions(gpu('p1', uses('3')), gpu('p2', uses('2')), gpu('p3', uses('1'))), [
        claim([ask('r', { count: 2 })]),
      ]),
      'r=p1 r=p3',
    ],
    [
      'counts what taken partitions use',
      found(partitions(gpu('p1', uses('3')), gpu('p2', uses('2'))), [claim([ask('r')])], { taken: ['p1'] }),
      'none',
    ],
    [
      'knows no partitions without their gate',
      found(partitions(gpu('p1', uses('3'))), [claim([ask('r')])], { gates: { partitions: false } }),
      'none',
    ],
    [
      'shares a device',
      found([slice('s', [shared])], [claim([ask('r', wants('4'))]), claim([ask('r', wants('6'))])]),
      'r=m1, r=m1',
    ],
    [
      'not beyond what it has',
      found([slice('s', [shared])], [claim([ask('r', wants('4'))]), claim([ask('r', wants('7'))])]),
      'none',
    ],
    [
      'nor beyond what is left',
      found([slice('s', [shared])], [claim([ask('r', wants('4'))])], { shared: { memory: 7_000_000_000n } }),
      'none',
    ],
    [
      'passes over devices with binding conditions',
      found([slice('s', [gpu('g1', { bindingConditions: ['ready'] })])], [claim([ask('r')])]),
      'none',
    ],
    [
      'passes over pools that are not complete',
      found(
        [slice('s', [small], { pool: { name: 'pool', generation: 1, resourceSliceCount: 2 } })],
        [claim([ask('r')])],
      ),
      'none',
    ],
    [
      'and over what is obsolete',
      found(
        [
          slice('s', [small]),
          slice('t', [big], { pool: { name: 'pool', generation: 2, resourceSliceCount: 1 } }),
        ],
        [claim([ask('r')])],
      ),
      'r=b1',
    ],
    [
      'says what pool is wrong',
      found([slice('s', [small, small])], [claim([ask('r')])]),
      'invalid resource pools were encountered',
    ],
    [
      'chooses by node device by device',
      found(
        [
          slice('s', [gpu('g1', { nodeName: 'x' }), gpu('g2', { allNodes: true })], {
            nodeName: '',
            perDeviceNodeSelection: true,
          }),
        ],
        [claim([ask('r')])],
      ),
      'r=g2',
    ],
    [
      'says what does not compile',
      found([slice('s', [small])], [claim([ask('r', cel('device.x'))])]),
      'claim default/c: selector #0: CEL compile error: ',
    ],
    [
      'gives no more than a claim may have',
      found([slice('s', [small])], [claim([ask('r', { count: 33 })])]),
      'claim default/c: number of requested devices 33 exceeds the claim limit of 32',
    ],
  ])('%s', (_name, shown, expected) => {
    if (expected.endsWith(': ')) expect(shown).toContain(expected)
    else expect(shown).toBe(expected)
  })

  test('tells the claim of its configuration, its nodes and its part', () => {
    const everywhere = {
      nodeName: '',
      nodeSelector: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
      },
    }
    const wanted = claim([ask('r', { ...wants('4'), tolerations: [{ operator: 'Exists' }] })], {
      config: [{ requests: ['r'], opaque: { driver, parameters: { mode: 'own' } } }],
    })
    const [allocation] = search([slice('s', [shared], everywhere)]).allocate([wanted]) ?? []
    if (allocation === undefined) throw new Error('there is one')
    expect(allocationResult(wanted, allocation, 'n')).toEqual({
      devices: {
        results: [
          {
            ...{ request: 'r', driver, pool: 'pool', device: 'm1', tolerations: [{ operator: 'Exists' }] },
            ...{ shareID: 'share-1', consumedCapacity: { memory: '4' } },
          },
        ],
        config: [{ source: 'FromClaim', requests: ['r'], opaque: { driver, parameters: { mode: 'own' } } }],
      },
      nodeSelector: everywhere.nodeSelector,
    })
  })
})
