import { describe, expect, test } from 'vitest'
import { Node } from '../../../api/core/node/kind.ts'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { CSINode } from '../../../api/storage/csi-node/kind.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import type { PreparedFilter } from '../../framework.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { volumeBinding } from './volume-binding.ts'

const claim = (
  name: string,
  change: Partial<core.v1.PersistentVolumeClaim> = {},
): core.v1.PersistentVolumeClaim => ({
  metadata: { name, namespace: 'default', uid: name, resourceVersion: '1' },
  spec: { storageClassName: 'late', resources: { requests: { storage: '1Gi' } } },
  ...change,
})
const volume: core.v1.PersistentVolume = {
  metadata: { name: 'v', resourceVersion: '1' },
  spec: { storageClassName: 'late', capacity: { storage: '1Gi' } },
  status: { phase: 'Available' },
}
const pod = (name: string, volumes: readonly core.v1.Volume[]) =>
  makePodInfo({ metadata: { name, namespace: 'default', uid: name }, spec: { containers: [], volumes } })
const uses = (claimName: string): core.v1.Volume => ({ name: 'data', persistentVolumeClaim: { claimName } })

function world() {
  const informers = new FixedInformers()
    .set(StorageClass, {
      metadata: { name: 'late' },
      provisioner: 'p',
      volumeBindingMode: 'WaitForFirstConsumer',
    })
    .set(PersistentVolumeClaim, claim('c'), claim('d'))
    .set(PersistentVolume, volume)
  const table = new NodeTable()
  table.setNode({ metadata: { name: 'n' } })
  return { informers, table, plugin: volumeBinding(pluginContext({ informers, table })) }
}

describe('volumeBinding()', () => {
  const lost = claim('c', { spec: { volumeName: 'v' }, status: { phase: 'Lost' } })
  const immediate = claim('c', { spec: {} })
  const going = {
    ...claim('c'),
    metadata: { ...claim('c').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
  }
  test.each<[string, core.v1.PersistentVolumeClaim, core.v1.Volume, string]>([
    ['a claim that is not there', claim('x'), uses('none'), 'persistentvolumeclaim "none" not found'],
    [
      'a claim that is still to be made',
      claim('x'),
      { name: 'e', ephemeral: {} },
      'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-e"',
    ],
    [
      'a lost volume',
      lost,
      uses('c'),
      'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"',
    ],
    ['a claim that goes', going, uses('c'), 'persistentvolumeclaim "c" is being deleted'],
    ['a claim that is not bound', immediate, uses('c'), 'pod has unbound immediate PersistentVolumeClaims'],
  ])('waits for %s', (_name, given, wanted, expected) => {
    const { informers, plugin } = world()
    informers.set(PersistentVolumeClaim, given)
    const result = plugin.preFilter?.(pod('p', [wanted]))
    expect(result?.type === 'reject' ? result.rejection : result).toEqual({
      resolvable: false,
      reasons: [expected],
    })
  })

  test('skips pods without claims', () => {
    expect(world().plugin.preFilter?.(pod('p', [{ name: 'e', emptyDir: {} }]))).toEqual({ type: 'skip' })
  })

  test('assumes a volume until it is taken back or seen', () => {
    const { informers, table, plugin } = world()
    const prepared = (name: string): PreparedFilter => {
      const result = plugin.preFilter?.(pod(name, [uses(name)]))
      if (result?.type !== 'filter') throw new Error('it has claims')
      for (const node of table.nodes) expect(result.filter(node)).toBeUndefined()
      return result
    }
    const needs = (one: PreparedFilter): boolean | undefined => one.needsPreBind?.(pod('c', []), 'n')
    const first = prepared('c')
    expect(needs(first)).toBe(false)
    first.reserve?.(pod('c', []), 'n')
    expect(needs(first)).toBe(true)
    // The only volume is taken: the second claim is provisioned for the node.
    const second = prepared('d')
    second.reserve?.(pod('d', []), 'n')
    first.unreserve?.(pod('c', []), 'n')
    expect(needs(first)).toBe(false)
    informers.set(PersistentVolume, { ...volume, metadata: { name: 'v', resourceVersion: '2' } })
    expect(needs(prepared('c'))).toBe(false)
  })

  test('does not wait for a write that another pod of the same claim has made', async () => {
    const { informers, table } = world()
    const host = testHost()
    const api = new FakeApi(host)
    const client = createClient(api)
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }
    const volumes = client.resource(PersistentVolume)
    const claimRef = { namespace: 'default', name: 'c', uid: 'c' }
    const spec = {
      ...volume.spec,
      claimRef: { ...claimRef, kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
    }
    const reserved = await volumes.create({ ...volume, apiVersion: 'v1', kind: 'PersistentVolume', spec })
    informers.set(PersistentVolume, reserved).set(Node, node)
    const plugin = volumeBinding({ ...pluginContext({ informers, table }), host, client })
    const result = plugin.preFilter?.(pod('p', [uses('c')]))
    if (result?.type !== 'filter') throw new Error('it has a claim')
    for (const each of table.nodes) expect(result.filter(each)).toBeUndefined()
    result.reserve?.(pod('p', []), 'n')
    let bound = false
    const binding = result.preBind?.(pod('p', []), 'n', new AbortController().signal).then(() => {
      bound = true
    })
    await host.advance(10)
    expect(bound).toBe(false)
    informers.set(
      PersistentVolumeClaim,
      claim('c', {
        metadata: {
          ...claim('c').metadata,
          annotations: { 'pv.kubernetes.io/bind-completed': 'yes' },
          resourceVersion: '9',
        },
        spec: { ...claim('c').spec, volumeName: 'v' },
      }),
    )
    await host.advance(10)
    await binding
    expect(bound).toBe(true)
  })

  test("finds a volume that a driver has taken over by the driver's label, where the node says so", () => {
    const { informers, table, plugin } = world()
    informers.set(PersistentVolume, {
      metadata: { name: 'v', labels: { 'topology.kubernetes.io/zone': 'a' } },
      spec: { awsElasticBlockStore: { volumeID: 'vol-1' } },
    })
    informers.set(
      PersistentVolumeClaim,
      claim('c', {
        metadata: { ...claim('c').metadata, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
        spec: { volumeName: 'v' },
      }),
    )
    table.setNode({ metadata: { name: 'n', labels: { 'topology.ebs.csi.aws.com/zone': 'b' } } })
    const refusals = (): readonly unknown[] => {
      const result = plugin.preFilter?.(pod('p', [uses('c')]))
      if (result?.type !== 'filter') throw new Error('its volume has a zone')
      return table.nodes.map((node) => result.filter(node)?.reasons)
    }
    expect(refusals()).toEqual([undefined])
    const annotations = { 'storage.alpha.kubernetes.io/migrated-plugins': 'kubernetes.io/aws-ebs' }
    informers.set(CSINode, { metadata: { name: 'n', annotations }, spec: { drivers: [] } })
    expect(refusals()).toEqual([["node(s) didn't match PersistentVolume's node affinity"]])
  })
})
