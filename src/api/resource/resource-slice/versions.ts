import type { resource } from '../../generated/types/index.ts'
import { kindInVersion, kindUnderVersion } from '../../in-version.ts'
import { v1beta1Lifecycle, v1beta2Lifecycle } from '../deprecated-versions.ts'
import { ResourceSlice, unselectableIn } from './kind.ts'

type OldSlice = resource.v1beta1.ResourceSlice
type OldDevice = resource.v1beta1.Device
type Slice = resource.v1.ResourceSlice
type Device = resource.v1.Device

/** v1beta1 has all that a device is below `basic`. */
const toDevice = ({ basic, ...rest }: OldDevice): Device => ({ ...rest, ...basic })
const toOldDevice = ({ name, ...basic }: Device): OldDevice => ({ name, basic })

/** Texts and flags that say nothing are absent later. */
function toStored(slice: OldSlice): Slice {
  const { nodeName, allNodes, devices, ...spec } = slice.spec ?? {}
  return {
    ...slice,
    apiVersion: 'resource.k8s.io/v1',
    spec: {
      ...spec,
      ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
      ...(allNodes === true ? { allNodes } : {}),
      ...(devices === undefined ? {} : { devices: devices.map(toDevice) }),
    },
  }
}

function fromStored(slice: Slice): OldSlice {
  const { devices, ...spec } = slice.spec ?? {}
  return {
    ...slice,
    apiVersion: 'resource.k8s.io/v1beta1',
    spec: { ...spec, ...(devices === undefined ? {} : { devices: devices.map(toOldDevice) }) },
  }
}

export const ResourceSliceV1Beta1 = {
  ...kindInVersion<OldSlice, Slice>(ResourceSlice, {
    version: 'v1beta1',
    schema: 'io.k8s.api.resource.v1beta1.ResourceSlice',
    deprecated: v1beta1Lifecycle,
    toStored,
    fromStored,
  }),
  unselectable: unselectableIn('v1beta1'),
}

export const ResourceSliceV1Beta2 = {
  ...kindUnderVersion(ResourceSlice, {
    version: 'v1beta2',
    schema: 'io.k8s.api.resource.v1beta2.ResourceSlice',
    deprecated: v1beta2Lifecycle,
  }),
  unselectable: unselectableIn('v1beta2'),
}
