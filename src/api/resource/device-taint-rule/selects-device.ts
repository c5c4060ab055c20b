import type { resource } from '../../generated/types/index.ts'

const matches = (wanted: string | undefined, name: string): boolean => wanted === undefined || wanted === name

export type DeviceNames = Pick<resource.v1.DeviceRequestAllocationResult, 'driver' | 'pool' | 'device'>

/** Whether a rule's selector is for a device: what it leaves out, all have. */
export const selectsDevice = (
  selector: resource.v1beta2.DeviceTaintSelector,
  { driver, pool, device }: DeviceNames,
): boolean =>
  matches(selector.driver, driver) && matches(selector.pool, pool) && matches(selector.device, device)
