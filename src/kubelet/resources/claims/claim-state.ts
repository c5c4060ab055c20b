import { isRecord } from '../../../base/is-record.ts'
import { textOf, textsOf } from '../../../base/text-of.ts'
import { crc32 } from './crc32.ts'
import type { PreparedDevice } from './driver.ts'

/** What the agent knows of a claim that pods of this node have. */
export interface ClaimState {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly podUids: ReadonlySet<string>
  /** By driver, also of drivers that have no device for it. */
  readonly devices: ReadonlyMap<string, readonly PreparedDevice[]>
  /** By this agent: what the last one prepared is prepared again. */
  readonly isPrepared: boolean
}

const head = { kind: 'DRACheckpoint', apiVersion: 'checkpoint.dra.kubelet.k8s.io/v1' }

export function claimsText(claims: Iterable<ClaimState>): string {
  const list = [...claims].map(({ uid, name, namespace, podUids, devices }) => ({
    ClaimUID: uid,
    ClaimName: name,
    Namespace: namespace,
    PodUIDs: Object.fromEntries([...podUids].sort().map((pod) => [pod, {}])),
    DriverState: Object.fromEntries(
      [...devices].map(([driver, own]) => [
        driver,
        {
          Devices: own.map((device) => ({
            PoolName: device.poolName,
            DeviceName: device.deviceName,
            ShareID: device.shareId ?? null,
            RequestNames: device.requestNames,
            CDIDeviceIDs: device.cdiDeviceIds,
          })),
        },
      ]),
    ),
  }))
  const Data = JSON.stringify({ ...head, ClaimInfoStateList: list })
  return JSON.stringify({ Data, Checksum: crc32(Data) })
}

const recordsOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isRecord) : []

function deviceOf(entry: Readonly<Record<string, unknown>>): PreparedDevice {
  const shareId = textOf(entry['ShareID'])
  return {
    poolName: textOf(entry['PoolName']),
    deviceName: textOf(entry['DeviceName']),
    requestNames: textsOf(entry['RequestNames']),
    cdiDeviceIds: textsOf(entry['CDIDeviceIDs']),
    ...(shareId === '' ? {} : { shareId }),
  }
}

/** Throws an Error for what is no checkpoint, or is not whole. */
export function parseClaims(text: string): readonly ClaimState[] {
  const outer: unknown = JSON.parse(text)
  const data = isRecord(outer) ? textOf(outer['Data']) : ''
  if (!isRecord(outer) || outer['Checksum'] !== crc32(data)) throw new Error('checkpoint is corrupted')
  const inner: unknown = JSON.parse(data)
  return recordsOf(isRecord(inner) ? inner['ClaimInfoStateList'] : undefined).map((entry) => ({
    uid: textOf(entry['ClaimUID']),
    name: textOf(entry['ClaimName']),
    namespace: textOf(entry['Namespace']),
    podUids: new Set(isRecord(entry['PodUIDs']) ? Object.keys(entry['PodUIDs']) : []),
    devices: new Map(
      Object.entries(isRecord(entry['DriverState']) ? entry['DriverState'] : {}).map(([driver, own]) => [
        driver,
        recordsOf(isRecord(own) ? own['Devices'] : undefined).map(deviceOf),
      ]),
    ),
    isPrepared: false,
  }))
}
