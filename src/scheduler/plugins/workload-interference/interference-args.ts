import { duplicate, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { isLabelValue } from '../../../apimachinery/label-syntax.ts'

/** How much slower a pod of one class becomes by each pod of another (or its own) on its node. */
export interface Slowdown {
  readonly class: string
  readonly by: string
  readonly percent: number
}

export interface WorkloadInterferenceArgs {
  readonly slowdowns?: readonly Slowdown[]
  /** No pod is put where it, or one that is there, would be slowed down by more; absent: nodes are only preferred. */
  readonly maxSlowdownPercent?: number
}

function readClass(reader: FieldsReader, name: string): string {
  const text = reader.text(name) ?? ''
  if (text === '') reader.fail(required(reader.at(name)))
  reader.fail(...isLabelValue(text).map((detail) => invalidValue(reader.at(name), text, detail)))
  return text
}

export function readInterferenceArgs(reader: FieldsReader): WorkloadInterferenceArgs {
  const most = Number.POSITIVE_INFINITY
  const seen = new Set<string>()
  const slowdowns = (reader.objects('slowdowns') ?? []).map((each) => {
    const slowdown = {
      ...{ class: readClass(each, 'class'), by: readClass(each, 'by') },
      percent: each.integer('percent') ?? 0,
    }
    each.within('percent', slowdown.percent, 0, most, 'must be greater than or equal to 0')
    const pair = `${slowdown.class} by ${slowdown.by}`
    if (seen.has(pair)) each.fail(duplicate(each.path, pair))
    seen.add(pair)
    each.end()
    return slowdown
  })
  const maxSlowdownPercent = reader.integer('maxSlowdownPercent')
  if (maxSlowdownPercent === undefined) return { slowdowns }
  reader.within('maxSlowdownPercent', maxSlowdownPercent, 0, most, 'must be greater than or equal to 0')
  return { slowdowns, maxSlowdownPercent }
}
