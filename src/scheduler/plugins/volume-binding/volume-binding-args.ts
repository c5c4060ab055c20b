import { invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import type { VolumeBindingArgs } from './volume-binding.ts'

export function readVolumeBindingArgs(reader: FieldsReader): VolumeBindingArgs {
  const bindTimeoutSeconds = reader.integer('bindTimeoutSeconds') ?? 600
  const negative = 'invalid BindTimeoutSeconds, should not be a negative value'
  reader.within('bindTimeoutSeconds', bindTimeoutSeconds, 0, Number.POSITIVE_INFINITY, negative)
  const shape = reader.raw('shape')
  if (shape !== undefined) {
    const detail = 'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring'
    reader.fail(invalidValue(reader.at('shape'), shape, detail))
  }
  return { bindTimeoutSeconds }
}
