import { describe, expect, test } from 'vitest'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { ResourceClaim } from '../../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeResourcesFit } from '../node-resources-fit/node-resources-fit.ts'
import { dynamicResources } from './dynamic-resources.ts'

const gpu = 'example.com/gpu'
const pod = (requests: Readonly<Record<string, string>> = { [gpu]: '1' }): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', uid: 'p', namespace: 'd' },
  spec: { containers: [{ name: 'c', resources: { requests } }] },
})
const node = (name: string, more: Readonly<Record<string, string>> = {}): core.v1.Node => ({
  metadata: { name },
  status: { allocatable: { cpu: '4', pods: '10', ...more } },
})

interface World {
  readonly classes?: readonly resource.v1.DeviceClass[]
  readonly claims?: readonly resource.v1.ResourceClaim[]
  readonly gates?: Readonly<Record<string, boolean>>
}

/** n1 has a device, n2 the resource itself (from a device plugin), n3 nothing. */
function world({
  classes = [{ metadata: { name: 'gpus' }, spec: { extendedResourceName: gpu } }],
  ...more
}: World) {
  const table = new NodeTable()
  for (const each of [node('n1'), node('n2', { [gpu]: '2' }), node('n3')]) table.setNode(each)
  const slice = {
    metadata: { name: 's' },
    spec: {
      ...{ driver: 'x', nodeName: 'n1', devices: [{ name: 'g' }] },
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    },
  }
  const informers = new FixedInformers()
    .set(DeviceClass, ...classes)
    .set(ResourceSlice, slice)
    .set(ResourceClaim, ...(more.claims ?? []))
  const host = testHost()
  const client = createClient(new FakeApi(host))
  const context = { ...pluginContext({ table, informers, gates: more.gates ?? {} }), client, host }
  const plugins = [nodeResourcesFit(context), dynamicResources(context)]
  const refusals = (given: core.v1.Pod) =>
    table.nodes.map((each) =>
      plugins
        .flatMap((plugin) => {
          const result = plugin.preFilter?.(makePodInfo(given))
          return result?.type === 'filter' ? (result.filter(each)?.reasons ?? []) : []
        })
        .join(),
    )
  return { client, host, informers, plugin: plugins[1], refusals, table }
}

const none = 'cannot allocate all claims'

describe('dynamicResources() for extended resources that device classes back', () => {
  test('looks for devices where the node has none of the resource itself', () => {
    expect(world({}).refusals(pod())).toEqual(['', '', none])
    expect(world({}).refusals(pod({ [gpu]: '3' }))).toEqual([none, `Insufficient ${gpu}`, none])
  })

  test("knows every class by its own name, and the newer of two for one resource's", () => {
    const implicit = { 'deviceclass.resource.kubernetes.io/gpus': '1' }
    expect(world({}).refusals(pod(implicit))).toEqual(['', none, none])
    const selectors = [{ cel: { expression: 'false' } }]
    const of = (name: string, time: string, spec: resource.v1.DeviceClassSpec) => ({
      metadata: { name, creationTimestamp: time },
      spec: { ...spec, extendedResourceName: gpu },
    })
    const old = of('old', '2026-01-01T00:00:00Z', {})
    const newer = of('new', '2026-01-02T00:00:00Z', { selectors })
    expect(world({ classes: [newer, old] }).refusals(pod())).toEqual([none, '', none])
  })

  test('leaves resources alone that no class backs, or behind a closed gate', () => {
    const short = `Insufficient ${gpu}`
    expect(world({ classes: [] }).refusals(pod())).toEqual([short, '', short])
    expect(world({ gates: { DRAExtendedResource: false } }).refusals(pod())).toEqual([short, '', short])
  })

  test('writes the claim when the pod is bound, tells the pod, and takes it away again', async () => {
    const { client, host, plugin, table } = world({})
    const info = makePodInfo(await client.resource(Pod).create(pod()))
    const attempt = plugin?.preFilter?.(info)
    if (attempt?.type !== 'filter') throw new Error('it has a claim')
    for (const each of table.nodes) attempt.filter(each)
    attempt.reserve?.(info, 'n1')
    const other = plugin?.preFilter?.(
      makePodInfo({ ...pod(), metadata: { name: 'q', uid: 'q', namespace: 'd' } }),
    )
    const first = table.get('n1')
    expect(other?.type === 'filter' && first ? other.filter(first)?.reasons : []).toEqual([none])
    await attempt.preBind?.(info, 'n1', new AbortController().signal)
    const { items } = await client.resource(ResourceClaim).list()
    const [claim] = items
    expect(claim).toMatchObject({
      metadata: {
        generateName: 'p-extended-resources-',
        annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
        ownerReferences: [{ kind: 'Pod', uid: info.uid, controller: true }],
      },
      status: {
        allocation: { devices: { results: [{ request: 'container-0-request-0', device: 'g' }] } },
        reservedFor: [{ resource: 'pods', name: 'p' }],
      },
    })
    expect((await client.resource(Pod).get('d', 'p')).status?.extendedResourceClaimStatus).toEqual({
      resourceClaimName: claim?.metadata?.name,
      requestMappings: [{ containerName: 'c', resourceName: gpu, requestName: 'container-0-request-0' }],
    })
    attempt.unreserve?.(info, 'n1')
    await host.advance(100)
    expect((await client.resource(ResourceClaim).list()).items).toEqual([])
  })

  test('removes a claim that an earlier attempt has left behind before it looks for another', async () => {
    const leftOver: resource.v1.ResourceClaim = {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: {
        ...{ name: 'p-extended-resources-x', namespace: 'd' },
        annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p', controller: true }],
      },
      spec: {
        devices: { requests: [{ name: 'container-0-request-0', exactly: { deviceClassName: 'gpus' } }] },
      },
    }
    const { client, informers, plugin, refusals } = world({})
    informers.set(ResourceClaim, await client.resource(ResourceClaim).create(leftOver))
    const refused = 'cannot schedule extended resource claim'
    expect(refusals(pod())).toEqual([refused, refused, refused])
    const info = makePodInfo(pod())
    const result = await plugin?.postFilter?.({
      pod: info,
      nodes: [],
      refusalOf: () => ({ plugin: '', rejection: { resolvable: false, reasons: [] } }),
      check: () => undefined,
      suppose: { add: () => {}, remove: () => {} },
      breathe: async () => {},
    })
    expect(result).toMatchObject({ message: 'deletion of ResourceClaim completed' })
    expect((await client.resource(ResourceClaim).list()).items).toEqual([])
  })
})
