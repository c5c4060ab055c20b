import { decodeBase64, encodeBase64 } from '../../../base/base64.ts'
import { isRecord } from '../../../base/is-record.ts'
import { checksum } from '../../state/checksum.ts'
import type { AllocationCodec } from './device-plugin.ts'
import { PodDevices } from './pod-devices.ts'

export interface DeviceState {
  readonly podDevices: PodDevices
  /** Healthy devices by resource. */
  readonly registered: ReadonlyMap<string, readonly string[]>
}

export function deviceCheckpoint({ podDevices, registered }: DeviceState, codec: AllocationCodec): string {
  const PodDeviceEntries = [...podDevices.entries()].map(({ podUid, container, resource, devices }) => ({
    PodUID: podUid,
    ContainerName: container,
    ResourceName: resource,
    DeviceIDs: Object.fromEntries(devices.byNode),
    AllocResp: encodeBase64(codec.encode(devices.allocation)),
  }))
  const Data = { PodDeviceEntries, RegisteredDevices: Object.fromEntries(registered) }
  return JSON.stringify({ Data, Checksum: checksum(JSON.stringify(Data)) })
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/** Throws an Error for what is no checkpoint, or is not whole. */
export function parseDeviceCheckpoint(text: string, codec: AllocationCodec): DeviceState {
  const parsed: unknown = JSON.parse(text)
  const data = isRecord(parsed) ? parsed['Data'] : undefined
  if (!isRecord(parsed) || !isRecord(data)) throw new Error('no checkpoint of devices')
  if (parsed['Checksum'] !== checksum(JSON.stringify(data))) throw new Error('checkpoint is corrupted')
  const podDevices = new PodDevices()
  const { PodDeviceEntries: entries, RegisteredDevices: registered } = data
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isRecord(entry) || !isRecord(entry['DeviceIDs'])) continue
    const { PodUID, ContainerName, ResourceName, DeviceIDs, AllocResp } = entry
    const texts = [PodUID, ContainerName, ResourceName, AllocResp]
    if (!isTexts(texts)) continue
    const [podUid = '', container = '', resource = '', allocation = ''] = texts
    const byNode = Object.entries(DeviceIDs).flatMap(([node, ids]) =>
      isTexts(ids) ? [[Number(node), ids] as const] : [],
    )
    podDevices.set(podUid, container, resource, {
      byNode: new Map(byNode),
      allocation: codec.decode(decodeBase64(allocation)),
    })
  }
  const known = Object.entries(isRecord(registered) ? registered : {})
  return {
    podDevices,
    registered: new Map(known.map(([resource, ids]) => [resource, isTexts(ids) ? ids : []])),
  }
}
