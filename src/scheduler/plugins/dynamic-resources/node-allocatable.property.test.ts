import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { NodeAllocatable } from './node-allocatable.ts'

const world = fc.record({
  /** Of devices: thousandths of a processor, alone or for each unit of the capacity `slots` that is taken. */
  devices: fc.array(fc.record({ milli: fc.integer({ min: 0, max: 1500 }), shared: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  /** By claim: its devices, each with the slots that it takes. */
  claims: fc.array(
    fc.uniqueArray(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 })), {
      maxLength: 3,
      selector: ([at]) => at,
    }),
    { maxLength: 3 },
  ),
  containers: fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 2 }),
  podLevel: fc.option(fc.integer({ min: 0, max: 6000 }), { nil: undefined }),
  there: fc.integer({ min: 0, max: 3000 }),
  cpu: fc.integer({ min: 0, max: 6 }),
})

const asks = (milli: number): core.v1.ResourceRequirements => ({ requests: { cpu: `${milli}m` } })

test('NodeAllocatable counts what who adds up thousandths of processors does', () => {
  fc.assert(
    fc.property(world, ({ devices, claims, containers, podLevel, there, cpu }) => {
      const informers = new FixedInformers().set(ResourceSlice, {
        metadata: { name: 's' },
        spec: {
          ...{ driver: 'x', nodeName: 'n', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
          devices: devices.map(({ milli, shared }, index) => ({
            name: `d${index}`,
            nodeAllocatableResourceMappings: {
              cpu: { allocationMultiplier: `${milli}m`, ...(shared ? { capacityKey: 'slots' } : {}) },
            },
          })),
        },
      })
      const table = new NodeTable()
      table.setNode({ metadata: { name: 'n' }, status: { allocatable: { cpu: String(cpu), pods: '9' } } })
      const other = {
        metadata: { name: 'o', uid: 'o' },
        spec: { containers: [{ name: 'c', resources: asks(there) }] },
      }
      table.addPod('n', makePodInfo(other))
      const found = new Map<resource.v1.ResourceClaim, resource.v1.AllocationResult>(
        claims.map((taken, claim) => [
          { metadata: { name: `c${claim}`, namespace: 'd' }, spec: {} },
          {
            devices: {
              results: taken.map(([at, slots]) => ({
                ...{ request: 'r', driver: 'x', pool: 'p', device: `d${at}` },
                consumedCapacity: { slots: String(slots) },
              })),
            },
          },
        ]),
      )
      const pod = makePodInfo({
        metadata: { name: 'p', uid: 'p', namespace: 'd' },
        spec: {
          resourceClaims: claims.map((_, claim) => ({ name: `e${claim}`, resourceClaimName: `c${claim}` })),
          containers: containers.map((milli, index) => ({
            name: `k${index}`,
            resources: { ...asks(milli), claims: claims.map((__, claim) => ({ name: `e${claim}` })) },
          })),
          ...(podLevel === undefined ? {} : { resources: asks(podLevel) }),
        },
      })
      const [node] = table.nodes
      if (node === undefined) throw new Error('it was set')
      const result = new NodeAllocatable({ informers, nodes: table }).countedOn(node, pod, found)

      const ofDevices = claims.map((taken) =>
        taken.reduce((sum, [at, slots]) => {
          const device = devices[at]
          return device === undefined ? sum : sum + device.milli * (device.shared ? slots : 1)
        }, 0),
      )
      const concerned = claims.some((taken) => taken.some(([at]) => devices[at] !== undefined))
      const sum = [...containers, ...ofDevices].reduce((all, one) => all + one, 0)
      const counted = podLevel ?? sum
      if (!concerned) expect(result).toBeUndefined()
      else if (sum > counted)
        expect(result).toEqual({
          resolvable: false,
          reasons: [
            'pod level request for cpu is insufficient to cover the aggregated container and node-allocatable DRA requests',
          ],
        })
      else if (counted > 0 && counted > cpu * 1000 - there)
        expect(result).toEqual({ resolvable: counted <= cpu * 1000, reasons: ['Insufficient cpu'] })
      else {
        if (result === undefined || 'reasons' in result) throw new Error('it fits')
        expect(result.requests.get('cpu')).toBe(counted)
      }
    }),
  )
})
