import type { Features } from '../../../apimachinery/feature-gates.ts'
import { fieldForbidden, invalidValue, typeInvalid } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { goDurationText, parseGoDuration } from '../../../apimachinery/go-duration.ts'
import { preparesDevices } from './device-finder.ts'

export interface DynamicResourcesArgs {
  /** How long one node may be searched for devices; 0: without an end. */
  readonly filterTimeoutMs: number
  /** How long PreBind waits for devices that somebody prepares. */
  readonly bindingTimeoutMs: number
}

/** Upstream's. */
export const defaultDynamicResourcesArgs: DynamicResourcesArgs = {
  filterTimeoutMs: 10_000,
  bindingTimeoutMs: 600_000,
}

function readDuration(reader: FieldsReader, name: string): number | undefined {
  const text = reader.text(name)
  if (text === undefined) return undefined
  const nanoseconds = parseGoDuration(text)
  if (nanoseconds === undefined) reader.fail(typeInvalid(reader.at(name), text, 'must be a duration'))
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6
}

export function readDynamicResourcesArgs(reader: FieldsReader, features: Features): DynamicResourcesArgs {
  const { filterTimeoutMs, bindingTimeoutMs } = defaultDynamicResourcesArgs
  const filter = readDuration(reader, 'filterTimeout')
  const binding = readDuration(reader, 'bindingTimeout')
  const limited = features.enabled('DRASchedulerFilterTimeout')
  const refuse = (name: string, valueMs: number, detail: string): void =>
    reader.fail(invalidValue(reader.at(name), goDurationText(valueMs), detail))
  if (filter !== undefined && !limited) {
    const detail = 'DRASchedulingFilterTimeout feature gate is disabled'
    reader.fail(fieldForbidden(reader.at('filterTimeout'), detail))
  } else if (filter !== undefined && filter < 0) refuse('filterTimeout', filter, 'must be zero or positive')
  if (binding !== undefined && !preparesDevices(features)) {
    const detail = 'DRADeviceBindingConditions or DRAResourceClaimDeviceStatus feature gate is disabled'
    reader.fail(fieldForbidden(reader.at('bindingTimeout'), detail))
  } else if (binding !== undefined && binding < 1_000)
    refuse('bindingTimeout', binding, 'must be at least 1 second')
  return {
    filterTimeoutMs: limited ? (filter ?? filterTimeoutMs) : 0,
    bindingTimeoutMs: binding ?? bindingTimeoutMs,
  }
}
