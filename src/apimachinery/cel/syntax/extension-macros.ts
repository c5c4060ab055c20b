import { accumulator, type Comprehension, type Expr, operators } from './expr.ts'
import {
  appendTo,
  call,
  type Expand,
  folds,
  ident,
  iterationVariable,
  list,
  literal,
  type Macro,
  MacroError,
  methodCall,
} from './macros.ts'

type Fold = Pick<Comprehension, 'init' | 'condition' | 'step' | 'result'>

/** A macro with an index or key, and an element. `rest`: its arguments after the two variables. */
function twoVariable(
  name: string,
  argCount: number,
  fold: (offset: number, rest: readonly Expr[], keyVar: string) => Fold | undefined,
): Macro {
  const expand: Expand = (offset, target, [first, second, ...rest]) => {
    if (target === undefined || first === undefined || second === undefined) return undefined
    const iterVar = iterationVariable(first, 'argument must be a simple name')
    if (iterVar instanceof MacroError) return iterVar
    const iterVar2 = iterationVariable(second, 'argument must be a simple name')
    if (iterVar2 instanceof MacroError) return iterVar2
    if (iterVar === iterVar2) return new MacroError(second.offset, `duplicate variable name: ${iterVar}`)
    const parts = fold(offset, rest, iterVar)
    if (parts === undefined) return undefined
    return { kind: 'comprehension', offset, range: target, iterVar, iterVar2, accuVar: accumulator, ...parts }
  }
  return { name, isMethod: true, argCount, expand }
}

type BodyFold = (offset: number, body: Expr) => Fold

const quantifier = (name: string, fold: BodyFold): Macro =>
  twoVariable(name, 3, (offset, [body]) => (body === undefined ? undefined : fold(offset, body)))

const emptyMap = (offset: number): Expr => ({ kind: 'map', offset, entries: [] })

/** One of the transformations: with a filter before its last argument, or without. */
function transformation(
  name: string,
  init: (offset: number) => Expr,
  added: (offset: number, body: Expr, keyVar: string) => Expr,
): readonly Macro[] {
  return [3, 4].map((argCount) =>
    twoVariable(name, argCount, (offset, rest, keyVar) => {
      const body = rest.at(-1)
      if (body === undefined) return undefined
      const filter = argCount === 4 ? rest[0] : undefined
      return folds.gather(offset, init(offset), added(offset, body, keyVar), filter)
    }),
  )
}

export const mapInsert = 'cel.@mapInsert'

/** `ext.TwoVarComprehensions`. */
export const twoVariableMacros: readonly Macro[] = [
  quantifier('all', folds.all),
  quantifier('exists', folds.exists),
  quantifier('existsOne', folds.existsOne),
  quantifier('exists_one', folds.existsOne),
  ...transformation('transformList', list, appendTo),
  ...transformation('transformMap', emptyMap, (offset, body, keyVar) =>
    call(offset, mapInsert, ident(offset, accumulator), ident(offset, keyVar), body),
  ),
  ...transformation('transformMapEntry', emptyMap, (offset, body) =>
    call(offset, mapInsert, ident(offset, accumulator), body),
  ),
]

/** A fold over nothing that gives a name to a value. */
export const bind = (offset: number, name: string, value: Expr, body: Expr): Expr => ({
  kind: 'comprehension',
  offset,
  range: list(offset),
  iterVar: '#unused',
  accuVar: name,
  init: value,
  condition: literal(offset, false),
  step: ident(offset, name),
  result: body,
})

function optionalMacro(name: string, wrap: (offset: number, value: Expr) => Expr): Macro {
  const expand: Expand = (offset, target, [variable, body]) => {
    if (target === undefined || variable === undefined || body === undefined) return undefined
    if (variable.kind !== 'ident') {
      return new MacroError(variable.offset, `${name}() variable name must be a simple identifier`)
    }
    const value = methodCall(offset, 'value', copy(target))
    return call(
      offset,
      operators.conditional,
      methodCall(offset, 'hasValue', target),
      wrap(offset, bind(offset, variable.name, value, body)),
      call(offset, 'optional.none'),
    )
  }
  return { name, isMethod: true, argCount: 2, expand }
}

/** An equal tree of new nodes: what is known of a node is kept by the node. */
function copy(expr: Expr): Expr {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return { ...expr }
    case 'select':
      return { ...expr, operand: copy(expr.operand) }
    case 'call':
      return {
        ...expr,
        args: expr.args.map(copy),
        ...(expr.target === undefined ? {} : { target: copy(expr.target) }),
      }
    case 'list':
      return { ...expr, elements: expr.elements.map(copy) }
    case 'map':
      return {
        ...expr,
        entries: expr.entries.map((entry) => ({ ...entry, key: copy(entry.key), value: copy(entry.value) })),
      }
    case 'struct':
      return { ...expr, fields: expr.fields.map((field) => ({ ...field, value: copy(field.value) })) }
    case 'comprehension':
      return {
        ...expr,
        range: copy(expr.range),
        init: copy(expr.init),
        condition: copy(expr.condition),
        step: copy(expr.step),
        result: copy(expr.result),
      }
  }
}

/** `optMap` and `optFlatMap`. */
export const optionalMacros: readonly Macro[] = [
  optionalMacro('optMap', (offset, value) => call(offset, 'optional.of', value)),
  optionalMacro('optFlatMap', (_, value) => value),
]

/** `cel.bind`, which selectors of devices have. */
export const bindingMacros: readonly Macro[] = [
  {
    name: 'bind',
    isMethod: true,
    argCount: 3,
    expand: (offset, target, [variable, value, body]) => {
      if (target?.kind !== 'ident' || target.name !== 'cel') return undefined
      if (variable === undefined || value === undefined || body === undefined) return undefined
      return variable.kind === 'ident'
        ? bind(offset, variable.name, value, body)
        : new MacroError(variable.offset, 'cel.bind() variable names must be simple identifiers')
    },
  },
]
