import { expect, test } from 'vitest'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { silentLogger } from '../../../base/logger.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import { ClaimManager } from './claim-manager.ts'
import { crc32 } from './crc32.ts'
import type { Driver, PreparedDevice } from './driver.ts'

type Pod = core.v1.Pod

const device = (name: string, ...requestNames: readonly string[]): PreparedDevice => ({
  ...{ deviceName: name, poolName: 'n', requestNames, cdiDeviceIds: [`example.com/gpu=${name}`] },
})
const podOf = (uid: string, ...requests: readonly string[]): Pod => ({
  metadata: { name: uid, namespace: 'ns', uid },
  spec: {
    resourceClaims: [{ name: 'gpu', resourceClaimName: 'claim' }],
    containers: [
      {
        name: 'c',
        resources: {
          claims: requests.map((request) => (request === '' ? { name: 'gpu' } : { name: 'gpu', request })),
        },
      },
    ],
  },
})
const containerOf = (pod: Pod): core.v1.Container => pod.spec?.containers[0] ?? { name: '' }

async function setUp(status: Partial<resource.v1.ResourceClaimStatus> = {}) {
  const client = createClient(new FakeApi(testHost()))
  const result = { driver: 'gpu.example.com', pool: 'n', device: 'a', request: 'one' }
  await client.resource(ResourceClaim).create({
    metadata: { name: 'claim', namespace: 'ns', uid: 'claim-uid' },
    spec: {},
    status: {
      allocation: { devices: { results: [result] } },
      reservedFor: ['u', 'v'].map((uid) => ({ resource: 'pods', name: uid, uid })),
      ...status,
    },
  })
  const { metadata } = await client.resource(ResourceClaim).get('ns', 'claim')
  const uid = metadata?.uid ?? ''
  const calls: string[] = []
  const state: { text?: string; error: string; registered: boolean } = { error: '', registered: true }
  const driver: Driver = {
    prepare: async (claims) => {
      calls.push(`prepare ${claims.map(({ name }) => name).join(' ')}`)
      const devices = [device('a', 'one'), device('b', 'two')]
      return new Map(claims.map((claim) => [claim.uid, { error: state.error, devices }]))
    },
    unprepare: async (claims) => {
      calls.push(`unprepare ${claims.map(({ name }) => name).join(' ')}`)
      return new Map(claims.map((claim) => [claim.uid, { error: state.error }]))
    },
  }
  const make = (): ClaimManager =>
    new ClaimManager({
      client,
      logger: silentLogger,
      store: {
        load: async () => state.text,
        save: async (text) => {
          state.text = text
        },
      },
      drivers: {
        get: (name) => {
          if (!state.registered) throw new Error(`DRA driver ${name} is not registered`)
          return driver
        },
      },
    })
  return { manager: make(), make, calls, state, uid }
}

test('a claim is prepared once, and given back when the last pod that has it has ended', async () => {
  const { manager, calls } = await setUp()
  const [first, second] = [podOf('u', ''), podOf('v', 'two')]
  await manager.prepare(first)
  await manager.prepare(first)
  await manager.prepare(second)
  expect(manager.cdiDevices(first, containerOf(first))).toEqual(['example.com/gpu=a', 'example.com/gpu=b'])
  expect(manager.cdiDevices(second, containerOf(second))).toEqual(['example.com/gpu=b'])
  await manager.unprepare('u')
  expect(calls).toEqual(['prepare claim'])
  await manager.unprepare('v')
  await manager.unprepare('v')
  expect(calls).toEqual(['prepare claim', 'unprepare claim'])
})

test('the next agent knows what containers have, and prepares it again for those that come', async () => {
  const { manager, make, calls, state, uid } = await setUp()
  const pod = podOf('u', 'one')
  await manager.prepare(pod)
  const { Data, Checksum } = JSON.parse(state.text ?? '')
  expect(Checksum).toBe(crc32(Data))
  expect(JSON.parse(Data)).toMatchObject({
    kind: 'DRACheckpoint',
    apiVersion: 'checkpoint.dra.kubelet.k8s.io/v1',
    ClaimInfoStateList: [
      {
        ...{ ClaimUID: uid, ClaimName: 'claim', Namespace: 'ns', PodUIDs: { u: {} } },
        DriverState: { 'gpu.example.com': { Devices: [{ DeviceName: 'a' }, { DeviceName: 'b' }] } },
      },
    ],
  })
  const next = make()
  await next.load()
  expect(next.cdiDevices(pod, containerOf(pod))).toEqual(['example.com/gpu=a'])
  expect([...next.podUids()]).toEqual(['u'])
  await next.prepare(podOf('v'))
  expect(calls).toEqual(['prepare claim', 'prepare claim'])
})

test('crc32() is that of IEEE 802.3', () => {
  expect(crc32('123456789')).toBe(0xcbf43926)
})

test('what a driver cannot do is told, and tried again', async () => {
  const { manager, state, calls } = await setUp()
  state.error = 'no power'
  await expect(manager.prepare(podOf('u'))).rejects.toThrow(
    'prepare dynamic resources: NodePrepareResources failed for ResourceClaim claim: no power',
  )
  await expect(manager.unprepare('u')).rejects.toThrow(
    'unprepare dynamic resources: NodeUnprepareResources failed for ResourceClaim claim: no power',
  )
  state.error = ''
  await manager.unprepare('u')
  expect(calls).toHaveLength(3)
})

test('a claim that is not the pod’s, not allocated, or of a driver that is not there is not prepared', async () => {
  const foreign = await setUp({ reservedFor: [] })
  await expect(foreign.manager.prepare(podOf('u'))).rejects.toThrow(
    `prepare dynamic resources: pod u (u) is not allowed to use ResourceClaim claim (${foreign.uid})`,
  )
  const lone = await setUp()
  lone.state.registered = false
  await expect(lone.manager.prepare(podOf('u'))).rejects.toThrow(
    'DRA driver gpu.example.com is not registered',
  )
  // Nothing was noted: nothing has to be given back.
  await lone.manager.unprepare('u')
  const early = podOf('u')
  const generated = {
    ...early.spec,
    containers: [],
    resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }],
  }
  await expect(lone.manager.prepare({ ...early, spec: generated })).rejects.toThrow(
    'prepare dynamic resources: pod "ns/u": ResourceClaim not created yet',
  )
})
