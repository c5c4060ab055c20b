import {
  accumulator,
  type Call,
  type Comprehension,
  type Expr,
  type LiteralValue,
  operators,
} from './expr.ts'

/** A macro's complaint about an argument. */
export class MacroError {
  readonly offset: number
  readonly message: string

  constructor(offset: number, message: string) {
    this.offset = offset
    this.message = message
  }
}

/** What a macro makes of a call; undefined if the call is none of its. `offset` is the call's. */
export type Expand = (
  offset: number,
  target: Expr | undefined,
  args: readonly Expr[],
) => Expr | MacroError | undefined

export interface Macro {
  readonly name: string
  readonly isMethod: boolean
  readonly argCount: number
  readonly expand: Expand
}

export const literal = (offset: number, value: LiteralValue): Expr => ({ kind: 'literal', offset, value })
export const ident = (offset: number, name: string): Expr => ({ kind: 'ident', offset, name })
export const call = (offset: number, name: string, ...args: readonly Expr[]): Call => ({
  kind: 'call',
  offset,
  name,
  args,
})
export const methodCall = (offset: number, name: string, target: Expr): Call => ({
  kind: 'call',
  offset,
  name,
  target,
  args: [],
})
export const list = (offset: number, ...elements: readonly Expr[]): Expr => ({
  kind: 'list',
  offset,
  elements,
  optionals: new Set(),
})
const accu = (offset: number): Expr => ident(offset, accumulator)

interface Fold {
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

/** The folds that macros share; `body` is the last argument, `filter` the one before it where there is one. */
export const folds = {
  all: (offset: number, body: Expr): Fold => ({
    init: literal(offset, true),
    condition: call(offset, operators.notStrictlyFalse, accu(offset)),
    step: call(offset, operators.and, accu(offset), body),
    result: accu(offset),
  }),
  exists: (offset: number, body: Expr): Fold => ({
    init: literal(offset, false),
    condition: call(offset, operators.notStrictlyFalse, call(offset, operators.not, accu(offset))),
    step: call(offset, operators.or, accu(offset), body),
    result: accu(offset),
  }),
  existsOne: (offset: number, body: Expr): Fold => ({
    init: literal(offset, 0),
    condition: literal(offset, true),
    step: call(
      offset,
      operators.conditional,
      body,
      call(offset, operators.add, accu(offset), literal(offset, 1)),
      accu(offset),
    ),
    result: call(offset, operators.equals, accu(offset), literal(offset, 1)),
  }),
  gather: (offset: number, init: Expr, added: Expr, filter: Expr | undefined): Fold => ({
    init,
    condition: literal(offset, true),
    step: filter === undefined ? added : call(offset, operators.conditional, filter, added, accu(offset)),
    result: accu(offset),
  }),
}

export const appendTo = (offset: number, element: Expr): Expr =>
  call(offset, operators.add, accu(offset), list(offset, element))

export const comprehension = (offset: number, range: Expr, iterVar: string, fold: Fold): Comprehension => ({
  kind: 'comprehension',
  offset,
  range,
  iterVar,
  accuVar: accumulator,
  ...fold,
})

/** The name of an iteration variable, or what is wrong with it. */
export function iterationVariable(argument: Expr, complaint: string): string | MacroError {
  if (argument.kind !== 'ident') return new MacroError(argument.offset, complaint)
  return argument.name === accumulator || argument.name === '__result__'
    ? new MacroError(argument.offset, 'iteration variable overwrites accumulator variable')
    : argument.name
}

const notSimple = 'argument must be a simple name'

function quantifier(name: string, fold: (offset: number, body: Expr) => Fold): Macro {
  return {
    name,
    isMethod: true,
    argCount: 2,
    expand: (offset, target, [variable, body]) => {
      if (target === undefined || variable === undefined || body === undefined) return undefined
      const iterVar = iterationVariable(variable, notSimple)
      return iterVar instanceof MacroError
        ? iterVar
        : comprehension(offset, target, iterVar, fold(offset, body))
    },
  }
}

const expandMap: Expand = (offset, target, args) => {
  const [variable, second, third] = args
  if (target === undefined || variable === undefined || second === undefined) return undefined
  const iterVar = iterationVariable(variable, 'argument is not an identifier')
  if (iterVar instanceof MacroError) return iterVar
  const added = appendTo(offset, third ?? second)
  const filter = third === undefined ? undefined : second
  return comprehension(offset, target, iterVar, folds.gather(offset, list(offset), added, filter))
}

const expandFilter: Expand = (offset, target, [variable, filter]) => {
  if (target === undefined || variable === undefined) return undefined
  const iterVar = iterationVariable(variable, 'argument is not an identifier')
  if (iterVar instanceof MacroError) return iterVar
  const added = appendTo(offset, ident(variable.offset, iterVar))
  return comprehension(offset, target, iterVar, folds.gather(offset, list(offset), added, filter))
}

const expandHas: Expand = (offset, _, [argument]) => {
  if (argument === undefined) return undefined
  if (argument.kind === 'select') return { ...argument, offset, testOnly: true }
  return new MacroError(argument.offset, 'invalid argument to has() macro')
}

/** https://github.com/google/cel-spec/blob/master/doc/langdef.md#macros */
export const standardMacros: readonly Macro[] = [
  { name: 'has', isMethod: false, argCount: 1, expand: expandHas },
  quantifier('all', folds.all),
  quantifier('exists', folds.exists),
  quantifier('exists_one', folds.existsOne),
  quantifier('existsOne', folds.existsOne),
  { name: 'map', isMethod: true, argCount: 2, expand: expandMap },
  { name: 'map', isMethod: true, argCount: 3, expand: expandMap },
  { name: 'filter', isMethod: true, argCount: 2, expand: expandFilter },
]
