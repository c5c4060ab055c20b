import { expect, test } from 'vitest'
import { changeRejections, created, rejections } from '../testing/rejections.ts'
import { CSIDriver } from './csi-driver/kind.ts'
import { CSINode } from './csi-node/kind.ts'
import { StorageClass } from './storage-class/kind.ts'
import { VolumeAttachment } from './volume-attachment/kind.ts'

const metadata = { name: 'x' }

test('StorageClass takes back and binds at once unless told otherwise', () => {
  expect(created(StorageClass, { metadata, provisioner: 'p' })).toMatchObject({
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  })
})

test('StorageClass.validate() keeps what volumes were made with', () => {
  const change = { metadata, provisioner: 'q', reclaimPolicy: 'Keep' }
  expect(changeRejections(StorageClass, { metadata, provisioner: 'p' }, () => change)).toEqual([
    'reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain"',
    'provisioner: Invalid value: "q": field is immutable',
    'reclaimPolicy: Invalid value: "Keep": field is immutable',
  ])
})

test('CSIDriver.validate() wants audiences once and times that make sense', () => {
  const tokenRequests = [{ audience: 'a' }, { audience: 'a' }, { audience: 'b', expirationSeconds: 5 }]
  expect(rejections(CSIDriver, { metadata, spec: { tokenRequests } })).toEqual([
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
    'spec.tokenRequests[2].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
  ])
})

test('CSINode.validate() lets only the number of volumes change', () => {
  const driver = { name: 'd', nodeID: 'n', allocatable: { count: 1 } }
  const node = { metadata, spec: { drivers: [driver] } }
  const to = (next: typeof driver) => () => ({ metadata, spec: { drivers: [next] } })
  expect(changeRejections(CSINode, node, to({ ...driver, allocatable: { count: 2 } }))).toEqual([])
  expect(changeRejections(CSINode, node, to({ ...driver, nodeID: 'm' }))).toEqual([
    'spec.drivers: Invalid value: {"name":"d","nodeID":"m"}: field is immutable',
  ])
})

test('VolumeAttachment.validate() wants one source', () => {
  const spec = { attacher: 'a', nodeName: 'n', source: {} }
  expect(rejections(VolumeAttachment, { metadata, spec })).toEqual([
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ])
})
