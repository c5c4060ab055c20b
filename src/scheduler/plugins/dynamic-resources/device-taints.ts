import type { resource } from '../../../api/generated/types/index.ts'
import { DeviceTaintRule } from '../../../api/resource/device-taint-rule/kind.ts'
import { selectsDevice } from '../../../api/resource/device-taint-rule/selects-device.ts'
import type { PluginContext } from '../../framework.ts'
import type { OfferedDevice } from './device-pools.ts'

type Taint = resource.v1.DeviceTaint

type TaintContext = Pick<PluginContext, 'informers' | 'features' | 'serves'>

export const followsTaintRules = ({ features, serves }: Omit<TaintContext, 'informers'>): boolean =>
  features.enabled('DRADeviceTaintRules') && serves?.(DeviceTaintRule) !== false

/**
 * What keeps claims away from a device that do not tolerate it (KEP-5055): the taints that its driver publishes, and those
 * that DeviceTaintRules put on it, each behind its gate. To upstream's scheduler a rule without a selector is for all.
 */
export function deviceTaints(context: TaintContext): (offered: OfferedDevice) => readonly Taint[] {
  const { features, informers } = context
  if (!features.enabled('DRADeviceTaints')) return () => []
  if (!followsTaintRules(context)) return ({ device }) => device.taints ?? []
  const rules = informers.informer(DeviceTaintRule).lister
  return ({ device, slice }) => {
    const { driver, pool } = slice.spec
    const names = { driver, pool: pool.name, device: device.name }
    const byRules = rules.list().flatMap(({ spec: { deviceSelector, taint } }) => {
      return deviceSelector === undefined || selectsDevice(deviceSelector, names) ? [taint] : []
    })
    return [...(device.taints ?? []), ...byRules]
  }
}
