import type { Double, Int, Uint } from '../values/value.ts'

export type LiteralValue = null | boolean | string | Int | Double | Uint | Uint8Array

/** `offset`: where messages about an expression point to, in code units (its operator, where it has one). */
interface Positioned {
  readonly offset: number
}

export interface Literal extends Positioned {
  readonly kind: 'literal'
  readonly value: LiteralValue
}

export interface Ident extends Positioned {
  readonly kind: 'ident'
  readonly name: string
}

export interface Select extends Positioned {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** `has(operand.field)`. */
  readonly testOnly: boolean
}

export interface Call extends Positioned {
  readonly kind: 'call'
  readonly name: string
  readonly target?: Expr
  readonly args: readonly Expr[]
}

export interface ListExpr extends Positioned {
  readonly kind: 'list'
  readonly elements: readonly Expr[]
  /** Indices of elements written `?e`. */
  readonly optionals: ReadonlySet<number>
}

export interface MapEntry extends Positioned {
  readonly key: Expr
  readonly value: Expr
  readonly optional: boolean
}

export interface MapExpr extends Positioned {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}

export interface FieldInit extends Positioned {
  readonly name: string
  readonly value: Expr
  readonly optional: boolean
}

export interface StructExpr extends Positioned {
  readonly kind: 'struct'
  readonly typeName: string
  readonly fields: readonly FieldInit[]
}

/** What macros become: a fold over a range. `iterVar2` is there in the forms with two variables. */
export interface Comprehension extends Positioned {
  readonly kind: 'comprehension'
  readonly range: Expr
  readonly iterVar: string
  readonly iterVar2?: string
  readonly accuVar: string
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

export type Expr = Literal | Ident | Select | Call | ListExpr | MapExpr | StructExpr | Comprehension

/** Names of operators as functions. */
export const operators = {
  conditional: '_?_:_',
  and: '_&&_',
  or: '_||_',
  not: '!_',
  negate: '-_',
  equals: '_==_',
  notEquals: '_!=_',
  less: '_<_',
  lessEquals: '_<=_',
  greater: '_>_',
  greaterEquals: '_>=_',
  add: '_+_',
  subtract: '_-_',
  multiply: '_*_',
  divide: '_/_',
  modulo: '_%_',
  in: '@in',
  index: '_[_]',
  optIndex: '_[?_]',
  optSelect: '_?._',
  notStrictlyFalse: '@not_strictly_false',
} as const

/** The name of a comprehension's accumulator: no expression can write it. */
export const accumulator = '@result'

/** `a.b.c`, for what is only names; undefined for the rest. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name
  if (expr.kind !== 'select' || expr.testOnly) return undefined
  const operand = qualifiedName(expr.operand)
  return operand === undefined ? undefined : `${operand}.${expr.field}`
}

/** The parts of an expression. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return []
    case 'select':
      return [expr.operand]
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args]
    case 'list':
      return expr.elements
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value])
    case 'struct':
      return expr.fields.map(({ value }) => value)
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result]
  }
}
