import { type Amount, formatQuantity, parseQuantity } from '../../../quantity.ts'
import { boolType, type CelType, doubleType, intType, structType } from '../../types/type.ts'
import { normalInt } from '../../values/integers.ts'
import {
  CelError,
  Double,
  type Equality,
  type Int,
  noSuchOverload,
  Opaque,
  type Value,
} from '../../values/value.ts'
import { declare, type FunctionDeclaration, fn1, method1, method2, parameters } from '../declare.ts'

export const quantityType: CelType = structType('kubernetes.Quantity')

export class QuantityValue extends Opaque {
  readonly amount: Amount

  constructor(amount: Amount) {
    super()
    this.amount = amount
  }

  get type(): CelType {
    return quantityType
  }

  equals(other: Value): Equality {
    return other instanceof QuantityValue ? other.amount.nano === this.amount.nano : noSuchOverload()
  }

  toString(): string {
    return formatQuantity(this.amount)
  }
}

const nanoPerUnit = 1_000_000_000n
const maxInt64 = 2n ** 63n - 1n

const { string, int } = parameters
const quantity = parameters.opaque(
  quantityType,
  (value): value is QuantityValue => value instanceof QuantityValue,
)

function parse(text: string): Value {
  const parsed = parseQuantity(text)
  return 'error' in parsed ? new CelError(parsed.error) : new QuantityValue(parsed)
}

/** The whole number that a quantity is; undefined if it is none, or none of 64 bits. */
function wholeOf({ amount: { nano } }: QuantityValue): bigint | undefined {
  if (nano % nanoPerUnit !== 0n) return undefined
  const units = nano / nanoPerUnit
  return units > maxInt64 || units < -maxInt64 - 1n ? undefined : units
}

const compareTo = (a: QuantityValue, b: QuantityValue): -1 | 0 | 1 =>
  a.amount.nano === b.amount.nano ? 0 : a.amount.nano < b.amount.nano ? -1 : 1

/** The sum has the format of the first, or of the second where the first is zero. */
const sum = (a: QuantityValue, nano: bigint, format: Amount['format']): QuantityValue =>
  new QuantityValue({ nano: a.amount.nano + nano, format: a.amount.nano === 0n ? format : a.amount.format })

const ofUnits = (units: Int): bigint => BigInt(units) * nanoPerUnit

const toDouble = ({ amount: { nano } }: QuantityValue): Value =>
  new Double(nano % nanoPerUnit === 0n ? Number(nano / nanoPerUnit) : Number(nano) / Number(nanoPerUnit))

function toInteger(value: QuantityValue): Value {
  const units = wholeOf(value)
  return units === undefined ? new CelError('cannot convert value to integer') : normalInt(units)
}

const sign = ({ amount: { nano } }: QuantityValue): number => (nano === 0n ? 0 : nano > 0n ? 1 : -1)

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library */
export const quantityFunctions: readonly FunctionDeclaration[] = [
  declare('quantity', fn1('string_to_quantity', string, quantityType, parse)),
  declare(
    'isQuantity',
    fn1('is_quantity_string', string, boolType, (text) => !('error' in parseQuantity(text))),
  ),
  declare('sign', fn1('quantity_sign', quantity, intType, sign)),
  declare(
    'isGreaterThan',
    method2('quantity_is_greater_than', quantity, quantity, boolType, (a, b) => compareTo(a, b) === 1),
  ),
  declare(
    'isLessThan',
    method2('quantity_is_less_than', quantity, quantity, boolType, (a, b) => compareTo(a, b) === -1),
  ),
  declare('compareTo', method2('quantity_compare_to', quantity, quantity, intType, compareTo)),
  declare('asApproximateFloat', method1('quantity_get_float', quantity, doubleType, toDouble)),
  declare('asInteger', method1('quantity_get_int', quantity, intType, toInteger)),
  declare(
    'isInteger',
    method1('quantity_is_integer', quantity, boolType, (value) => wholeOf(value) !== undefined),
  ),
  declare(
    'add',
    method2('quantity_add', quantity, quantity, quantityType, (a, b) =>
      sum(a, b.amount.nano, b.amount.format),
    ),
    method2('quantity_add_int', quantity, int, quantityType, (a, b) => sum(a, ofUnits(b), 'DecimalExponent')),
  ),
  declare(
    'sub',
    method2('quantity_sub', quantity, quantity, quantityType, (a, b) =>
      sum(a, -b.amount.nano, b.amount.format),
    ),
    method2('quantity_sub_int', quantity, int, quantityType, (a, b) =>
      sum(a, -ofUnits(b), 'DecimalExponent'),
    ),
  ),
]
