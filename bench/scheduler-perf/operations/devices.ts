import { join, matchesGlob } from 'node:path'
import { Node } from '../../../src/api/core/node/kind.ts'
import type { core, resource } from '../../../src/api/generated/types/index.ts'
import { DeviceClass } from '../../../src/api/resource/device-class/kind.ts'
import { ResourceClaim } from '../../../src/api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../src/api/resource/resource-slice/kind.ts'
import { realHost as host } from '../../../src/base/host/real-host.ts'
import { allocationResult } from '../../../src/scheduler/plugins/dynamic-resources/allocation-result.ts'
import { ClaimTracker } from '../../../src/scheduler/plugins/dynamic-resources/claim-tracker.ts'
import { DeviceFinder } from '../../../src/scheduler/plugins/dynamic-resources/device-finder.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import { inNamespace, kindOf, readManifest } from '../objects.ts'
import type { OperationReader } from '../operation.ts'
import { inFlight, type Run } from '../run.ts'

/** A node's devices, all alike but for their numbers; upstream's. */
const sliceOf = (driver: string, node: string, devices: number): resource.v1.ResourceSlice => ({
  metadata: { name: node },
  spec: {
    driver,
    nodeName: node,
    pool: { name: node, generation: 0, resourceSliceCount: 1 },
    devices: Array.from({ length: devices }, (_, index) => ({
      name: `instance-${index}`,
      attributes: {
        model: { string: 'A100' },
        family: { string: 'GPU' },
        driverVersion: { version: '1.2.3' },
        'dra.example.com/numa': { int: index },
      },
      capacity: { memory: { value: '1Gi' } },
    })),
  },
})

/** Publishes devices for all nodes whose names the pattern matches. */
export const createDriver: OperationReader = (fields) => {
  const driver = fields.needed('driverName')
  const devices = fields.number('maxClaimsPerNode', 0)
  const pattern = fields.needed('nodes')
  return async ({ cluster: { client, informers } }) => {
    const nodes = (await client.resource(Node).list()).items.flatMap(({ metadata }) =>
      matchesGlob(metadata?.name ?? '', pattern) ? [metadata?.name ?? ''] : [],
    )
    let newest = 0
    await keepInFlight(nodes.length, inFlight, async (index) => {
      const made = await client.resource(ResourceSlice).create(sliceOf(driver, nodes[index] ?? '', devices))
      newest = Math.max(newest, Number(made.metadata?.resourceVersion))
    })
    await informers.informer(ResourceSlice).waitFor({ resourceVersion: newest }, 60_000)
  }
}

export const createClaims: OperationReader = (fields, { folder }) => {
  const count = fields.number('count', 0)
  const namespace = fields.needed('namespace')
  const manifest = readManifest(join(folder, fields.needed('templatePath')))
  return async (run) => {
    await run.ensureNamespace(namespace)
    await keepInFlight(count, inFlight, async (index) => {
      const object = inNamespace(manifest.object(index, count), namespace)
      await run.cluster.client.resource(kindOf(object)).create(object)
    })
  }
}

/** The nodes, from one of them on and round. */
function* around(nodes: readonly core.v1.Node[], first: number): Generator<core.v1.Node> {
  for (let step = 0; step < nodes.length; step++) {
    const node = nodes[(first + step) % nodes.length]
    if (node !== undefined) yield node
  }
}

async function allocate({ cluster }: Run, namespace: string | undefined): Promise<void> {
  const { client, informers, features } = cluster
  const tracker = new ClaimTracker(informers)
  const finder = new DeviceFinder({ informers, features, host }, tracker)
  const kinds = [ResourceClaim, ResourceSlice, DeviceClass]
  await Promise.all(kinds.map((kind) => informers.informer<object>(kind).whenSynced()))
  const nodes = (await client.resource(Node).list()).items
  const claims = await client.resource(ResourceClaim).list(namespace === undefined ? {} : { namespace })
  for (const claim of claims.items) {
    if (claim.status?.allocation !== undefined) continue
    let found: resource.v1.AllocationResult | undefined
    for (const node of around(nodes, Math.floor(Math.random() * nodes.length))) {
      const [devices] = finder.search(node).allocate([claim]) ?? []
      if (devices === undefined) continue
      found = allocationResult(claim, devices, node.metadata?.name ?? '')
      break
    }
    if (found === undefined) throw new Error(`no node has devices for the claim ${claim.metadata?.name}`)
    tracker.decide(claim.metadata?.uid ?? '', found)
    await client.resource(ResourceClaim).updateStatus({ ...claim, status: { allocation: found } })
  }
}

/** Gives devices of any node to claims that no pod uses. */
export const allocateClaims: OperationReader = (fields) => {
  const namespace = fields.text('namespace')
  return (run) => allocate(run, namespace)
}
