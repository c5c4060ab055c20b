import { kindUnderVersion } from '../../in-version.ts'
import { v1beta1Lifecycle, v1beta2Lifecycle } from '../deprecated-versions.ts'
import { DeviceClass } from './kind.ts'

export const DeviceClassV1Beta1 = kindUnderVersion(DeviceClass, {
  version: 'v1beta1',
  schema: 'io.k8s.api.resource.v1beta1.DeviceClass',
  deprecated: v1beta1Lifecycle,
})

export const DeviceClassV1Beta2 = kindUnderVersion(DeviceClass, {
  version: 'v1beta2',
  schema: 'io.k8s.api.resource.v1beta2.DeviceClass',
  deprecated: v1beta2Lifecycle,
})
