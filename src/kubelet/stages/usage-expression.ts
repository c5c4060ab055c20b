import {
  CelError,
  Double,
  declare,
  doubleType,
  dynDecl,
  type Environment,
  type FunctionDeclaration,
  fn0,
  fn1,
  fn2,
  isInt,
  method1,
  nativeValue,
  newEnvironment,
  parameters,
  QuantityValue,
  quantityType,
  Timestamp,
  timestampType,
  toNative,
  type Value,
} from '../../apimachinery/cel/index.ts'
import { parseQuantity } from '../../apimachinery/quantity.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { isRecord } from '../../base/is-record.ts'

/** What an expression may ask about. */
export interface UsageSubject {
  readonly pod: unknown
  readonly node: unknown
  readonly container: unknown
}

/** A number of cores or bytes; undefined where the expression fails. */
export type UsageExpression = (subject: UsageSubject) => number | undefined

const isQuantity = (value: Value): value is QuantityValue => value instanceof QuantityValue
const quantity = parameters.opaque(quantityType, isQuantity)
const { dyn, double, int, string, timestamp } = parameters

const toQuantity = (text: string): Value => {
  const parsed = parseQuantity(text)
  return 'error' in parsed ? new CelError(parsed.error) : new QuantityValue(parsed)
}

const times = ({ amount }: QuantityValue, factor: number): QuantityValue =>
  new QuantityValue({ ...amount, nano: BigInt(Math.round(Number(amount.nano) * factor)) })

const plus = (a: QuantityValue, b: QuantityValue, sign: bigint): QuantityValue =>
  new QuantityValue({ ...a.amount, nano: a.amount.nano + sign * b.amount.nano })

const arithmetic: readonly FunctionDeclaration[] = [
  declare('Quantity', fn1('kwok_quantity', string, quantityType, toQuantity)),
  declare(
    '_*_',
    fn2('kwok_quantity_times_double', quantity, double, quantityType, (a, b) => times(a, b.value)),
    fn2('kwok_double_times_quantity', double, quantity, quantityType, (a, b) => times(b, a.value)),
    fn2('kwok_quantity_times_int', quantity, int, quantityType, (a, b) => times(a, Number(b))),
    fn2('kwok_int_times_quantity', int, quantity, quantityType, (a, b) => times(b, Number(a))),
  ),
  declare(
    '_+_',
    fn2('kwok_add_quantities', quantity, quantity, quantityType, (a, b) => plus(a, b, 1n)),
  ),
  declare(
    '_-_',
    fn2('kwok_subtract_quantities', quantity, quantity, quantityType, (a, b) => plus(a, b, -1n)),
  ),
]

/** Functions that ask for time and chance; KWOK's names. */
function asking(host: Host): readonly FunctionDeclaration[] {
  const since = (object: Value): Value => {
    const raw = toNative(object)
    const metadata = isRecord(raw) ? raw.metadata : undefined
    const created = isRecord(metadata) ? timeMs(String(metadata.creationTimestamp)) : Number.NaN
    return Number.isNaN(created)
      ? new CelError('it has no time of creation')
      : new Double((host.now() - created) / 1000)
  }
  const nowSeconds = (): number => host.now() / 1000
  return [
    declare(
      'Rand',
      fn0('kwok_rand', doubleType, () => new Double(host.random())),
    ),
    declare(
      'Now',
      fn0('kwok_now', timestampType, () => {
        const seconds = Math.floor(nowSeconds())
        return new Timestamp(seconds, Math.round((nowSeconds() - seconds) * 1e9))
      }),
    ),
    declare(
      'UnixSecond',
      fn1('kwok_unix_second', timestamp, doubleType, (at) => new Double(at.seconds + at.nanos / 1e9)),
    ),
    declare(
      'SinceSecond',
      fn1('kwok_since_second', dyn, doubleType, since),
      method1('kwok_since_second_method', dyn, doubleType, since),
    ),
  ]
}

function numberOf(value: Value): number | undefined {
  if (isQuantity(value)) return Number(value.amount.nano) / 1e9
  if (value instanceof Double) return value.value
  return isInt(value) ? Number(value) : undefined
}

/** Compiles expressions of resource usages: CEL with KWOK's functions. */
export class UsageCompiler {
  readonly #host: Host
  #environment: Environment | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** `error`: where and why it does not compile. */
  compile(text: string): { readonly usage: UsageExpression } | { readonly error: string } {
    this.#environment ??= newEnvironment().extend({
      variables: { pod: dynDecl, node: dynDecl, container: dynDecl },
      functions: [...arithmetic, ...asking(this.#host)],
    })
    const compilation = this.#environment.compile(text)
    if ('error' in compilation) return compilation
    const planned = compilation.expression.program()
    if ('error' in planned) return planned
    return {
      usage: ({ pod, node, container }) => {
        const result = planned.program.evaluate({
          pod: () => nativeValue(pod),
          node: () => nativeValue(node),
          container: () => nativeValue(container),
        })
        return result.ok ? numberOf(result.value) : undefined
      },
    }
  }
}
