import { describe, expect, test } from 'vitest'
import type { core, storage } from '../../../api/generated/types/index.ts'
import { canUseVolume } from '../../../reconcile/match-volume.ts'
import { findVolumes, type PodClaims, type VolumeSources } from './find-volumes.ts'

type Volume = core.v1.PersistentVolume
type Claim = core.v1.PersistentVolumeClaim

const node: core.v1.Node = { metadata: { name: 'n', labels: { zone: 'a' } } }
const only = (zone: string): core.v1.VolumeNodeAffinity => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }] },
})
const volume = (name: string, size: string, change: Partial<core.v1.PersistentVolumeSpec> = {}): Volume => ({
  metadata: { name },
  spec: { storageClassName: 'late', capacity: { storage: size }, accessModes: ['ReadWriteOnce'], ...change },
  status: { phase: 'Available' },
})
const claim = (
  name: string,
  size: string,
  change: Partial<core.v1.PersistentVolumeClaimSpec> = {},
): Claim => ({
  metadata: { name, namespace: 'default', uid: `uid of ${name}` },
  spec: {
    storageClassName: 'late',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: size } },
    ...change,
  },
})
const selected = (at: string): Claim => {
  const made = claim('c', '1Gi')
  const annotations = { 'volume.kubernetes.io/selected-node': at }
  return { ...made, metadata: { ...made.metadata, annotations } }
}
const capacity = (amount: string, zone = 'a'): storage.v1.CSIStorageCapacity => ({
  metadata: { name: amount },
  storageClassName: 'late',
  capacity: amount,
  nodeTopology: { matchLabels: { zone } },
})

interface World {
  readonly volumes?: readonly Volume[]
  readonly provisioner?: string
  readonly zones?: readonly string[]
  readonly capacities?: readonly storage.v1.CSIStorageCapacity[]
}

function sources({
  volumes = [],
  provisioner = 'kubernetes.io/no-provisioner',
  zones,
  capacities,
}: World): VolumeSources {
  return {
    volume: (name) => volumes.find(({ metadata }) => metadata?.name === name),
    volumesOf: () => volumes,
    storageClass: () => ({
      metadata: { name: 'late' },
      provisioner,
      volumeBindingMode: 'WaitForFirstConsumer',
      ...(zones ? { allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: zones }] }] } : {}),
    }),
    driver: () =>
      capacities === undefined
        ? undefined
        : { metadata: { name: provisioner }, spec: { storageCapacity: true } },
    canUse: canUseVolume,
    capacities: () => capacities ?? [],
  }
}

function shown(claims: Partial<PodClaims>, world: World): string {
  const found = findVolumes({ bound: [], waiting: [], ...claims }, node, sources(world))
  if ('reasons' in found) return found.reasons.join('; ')
  const bindings = found.bindings.map((each) => `${each.claim.metadata?.name}=${each.volume.metadata?.name}`)
  return [...bindings, ...found.provisions.map(({ metadata }) => `+${metadata?.name}`)].join(' ')
}

const none = "node(s) didn't find available persistent volumes to bind"
const elsewhere = "node(s) didn't match PersistentVolume's node affinity"
const lost = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'
const full = 'node(s) did not have enough free storage'
const reserved = { claimRef: { namespace: 'default', name: 'c' } }

describe('findVolumes()', () => {
  test.each<[string, string, string]>([
    [
      'takes the smallest that is big enough',
      shown(
        { waiting: [claim('c', '2Gi')] },
        { volumes: [volume('v1', '1Gi'), volume('v9', '9Gi'), volume('v3', '3Gi')] },
      ),
      'c=v3',
    ],
    [
      'takes no volume twice',
      shown(
        { waiting: [claim('c', '1Gi'), claim('d', '1Gi')] },
        { volumes: [volume('v1', '1Gi'), volume('v2', '2Gi')] },
      ),
      'c=v1 d=v2',
    ],
    [
      'takes the one that is reserved',
      shown(
        { waiting: [claim('c', '1Gi')] },
        { volumes: [volume('v1', '1Gi'), volume('v2', '9Gi', reserved)] },
      ),
      'c=v2',
    ],
    [
      'takes none where the reserved one cannot be used',
      shown(
        { waiting: [claim('c', '1Gi')] },
        { volumes: [volume('v2', '9Gi', { ...reserved, nodeAffinity: only('b') })] },
      ),
      none,
    ],
    [
      'leaves volumes of others, other modes and other zones',
      shown(
        { waiting: [claim('c', '1Gi')] },
        {
          volumes: [
            volume('v1', '1Gi', { claimRef: { namespace: 'x', name: 'c' } }),
            volume('v2', '1Gi', { volumeMode: 'Block' }),
            volume('v3', '1Gi', { accessModes: ['ReadOnlyMany'] }),
            volume('v4', '1Gi', { nodeAffinity: only('b') }),
          ],
        },
      ),
      none,
    ],
    ['lets the provisioner make one', shown({ waiting: [claim('c', '1Gi')] }, { provisioner: 'csi' }), '+c'],
    [
      'not where the class is not allowed',
      shown({ waiting: [claim('c', '1Gi')] }, { provisioner: 'csi', zones: ['b'] }),
      none,
    ],
    [
      'only where the driver has room',
      shown(
        { waiting: [claim('c', '2Gi')] },
        { provisioner: 'csi', capacities: [capacity('1Gi'), capacity('9Gi', 'b')] },
      ),
      full,
    ],
    [
      'where it has',
      shown({ waiting: [claim('c', '2Gi')] }, { provisioner: 'csi', capacities: [capacity('2Gi')] }),
      '+c',
    ],
    [
      'keeps to the node that was selected',
      shown({ waiting: [selected('other')] }, { provisioner: 'csi' }),
      none,
    ],
    ['goes on there', shown({ waiting: [selected('n')] }, { provisioner: 'csi' }), '+c'],
    [
      'needs nothing for bound claims',
      shown({ bound: [claim('c', '1Gi', { volumeName: 'v' })] }, { volumes: [volume('v', '1Gi')] }),
      '',
    ],
    [
      'goes where bound volumes can be used',
      shown(
        { bound: [claim('c', '1Gi', { volumeName: 'v' })] },
        { volumes: [volume('v', '1Gi', { nodeAffinity: only('b') })] },
      ),
      elsewhere,
    ],
    [
      'misses bound volumes that are gone',
      shown({ bound: [claim('c', '1Gi', { volumeName: 'v' })] }, {}),
      lost,
    ],
    [
      'says all that is wrong',
      shown(
        { bound: [claim('c', '1Gi', { volumeName: 'v' })], waiting: [claim('d', '1Gi')] },
        { volumes: [volume('v', '1Gi', { nodeAffinity: only('b') })] },
      ),
      `${elsewhere}; ${none}`,
    ],
  ])('%s', (_name, found, expected) => {
    expect(found).toBe(expected)
  })
})
