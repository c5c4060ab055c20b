import { invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'

export interface CostAwarePackingArgs {
  /** Label of nodes with their price for an hour, as a decimal number. */
  readonly priceLabel?: string
  /** Prices for an hour by `node.kubernetes.io/instance-type`, for nodes without the label. */
  readonly prices?: ReadonlyMap<string, number>
  /** Of nodes of which neither is known. */
  readonly defaultPrice?: number
  /** How much of the room that stays empty on a node in use is counted as the pod's, in percent. */
  readonly idlePercent?: number
}

/** Text, because prices are no whole numbers. */
function readPrice(reader: FieldsReader, name: string): number | undefined {
  const text = reader.text(name)
  if (text === undefined) return undefined
  const price = Number(text)
  if (text.trim() !== '' && price >= 0 && Number.isFinite(price)) return price
  reader.fail(invalidValue(reader.at(name), text, 'must be a decimal number that is not negative'))
  return undefined
}

export function readCostArgs(reader: FieldsReader): CostAwarePackingArgs {
  const priceLabel = reader.text('priceLabel')
  if (priceLabel !== undefined)
    reader.fail(
      ...isQualifiedName(priceLabel).map((detail) =>
        invalidValue(reader.at('priceLabel'), priceLabel, detail),
      ),
    )
  const prices = new Map<string, number>()
  for (const each of reader.objects('prices') ?? []) {
    const price = readPrice(each, 'price')
    const type = each.text('instanceType') ?? ''
    if (price !== undefined) prices.set(type, price)
    each.end()
  }
  const defaultPrice = readPrice(reader, 'defaultPrice')
  const idlePercent = reader.integer('idlePercent')
  if (idlePercent !== undefined)
    reader.within('idlePercent', idlePercent, 0, 100, 'not in valid range [0, 100]')
  return {
    prices,
    ...(priceLabel === undefined ? {} : { priceLabel }),
    ...(defaultPrice === undefined ? {} : { defaultPrice }),
    ...(idlePercent === undefined ? {} : { idlePercent }),
  }
}
