import fc from 'fast-check'
import { expect, test } from 'vitest'
import { storedEnvironment } from './kubernetes.ts'
import { dynType } from './types/type.ts'
import { nativeValue, toNative } from './values/native.ts'

/**
 * Arithmetic and logic, computed twice: by the engine from the text, and straight by the tree, with exact integers and
 * exceptions for errors.
 */
type Tree =
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'variable'; readonly name: 'a' | 'b' | 'missing' }
  | {
      readonly kind: 'sum'
      readonly operator: '+' | '-' | '*' | '/' | '%'
      readonly left: Tree
      readonly right: Tree
    }
  | { readonly kind: 'choice'; readonly test: Logic; readonly left: Tree; readonly right: Tree }

type Logic =
  | { readonly kind: 'less'; readonly left: Tree; readonly right: Tree }
  | { readonly kind: 'and' | 'or'; readonly left: Logic; readonly right: Logic }
  | { readonly kind: 'not'; readonly of: Logic }

const data = { a: 7, b: -3 }
const min = -(2n ** 63n)
const max = 2n ** 63n - 1n

class Failure extends Error {}

function whole(value: bigint): bigint {
  if (value < min || value > max) throw new Failure('overflow')
  return value
}

function numberOf(tree: Tree): bigint {
  switch (tree.kind) {
    case 'int':
      return tree.value
    case 'variable':
      if (tree.name === 'missing') throw new Failure('no such key')
      return BigInt(data[tree.name])
    case 'choice':
      return truthOf(tree.test) ? numberOf(tree.left) : numberOf(tree.right)
    case 'sum':
      return combined(tree.operator, numberOf(tree.left), numberOf(tree.right))
  }
}

function combined(operator: string, left: bigint, right: bigint): bigint {
  if (operator === '+') return whole(left + right)
  if (operator === '-') return whole(left - right)
  if (operator === '*') return whole(left * right)
  if (right === 0n) throw new Failure('by zero')
  // The quotient of these two is beyond 64 bits, and so the remainder is refused too.
  if (left === min && right === -1n) throw new Failure('overflow')
  return operator === '/' ? left / right : left % right
}

/** The truth, or undefined where there is an error. */
function attempt(tree: Logic): boolean | undefined {
  try {
    return truthOf(tree)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

function truthOf(tree: Logic): boolean {
  if (tree.kind === 'less') return numberOf(tree.left) < numberOf(tree.right)
  if (tree.kind === 'not') return !truthOf(tree.of)
  const decides = tree.kind === 'or'
  const truths = [attempt(tree.left), attempt(tree.right)]
  if (truths.includes(decides)) return decides
  if (truths.includes(undefined)) throw new Failure('undecided')
  return !decides
}

function textOf(tree: Tree): string {
  switch (tree.kind) {
    case 'int':
      return String(tree.value)
    case 'variable':
      return `x.${tree.name}`
    case 'choice':
      return `(${logicText(tree.test)} ? ${textOf(tree.left)} : ${textOf(tree.right)})`
    case 'sum':
      return `(${textOf(tree.left)} ${tree.operator} ${textOf(tree.right)})`
  }
}

function logicText(tree: Logic): string {
  if (tree.kind === 'less') return `${textOf(tree.left)} < ${textOf(tree.right)}`
  if (tree.kind === 'not') return `!(${logicText(tree.of)})`
  return `((${logicText(tree.left)}) ${tree.kind === 'and' ? '&&' : '||'} (${logicText(tree.right)}))`
}

const integers = fc.oneof(
  fc.bigInt({ min: -5n, max: 5n }),
  fc.bigInt({ min, max }),
  fc.constantFrom(min, max, 2n ** 53n, -(2n ** 53n), 2n ** 31n),
)

const { number } = fc.letrec<{ number: Tree; logic: Logic }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 5 },
    fc.record({ kind: fc.constant('int'), value: integers }),
    fc.record({ kind: fc.constant('variable'), name: fc.constantFrom('a', 'b', 'missing') }),
    fc.record({
      kind: fc.constant('sum'),
      operator: fc.constantFrom('+', '-', '*', '/', '%'),
      left: tie('number'),
      right: tie('number'),
    }),
    fc.record({ kind: fc.constant('choice'), test: tie('logic'), left: tie('number'), right: tie('number') }),
  ),
  logic: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constant('less'), left: tie('number'), right: tie('number') }),
    fc.record({ kind: fc.constantFrom('and', 'or'), left: tie('logic'), right: tie('logic') }),
    fc.record({ kind: fc.constant('not'), of: tie('logic') }),
  ),
}))

const environment = storedEnvironment().extend({ variables: { x: dynType } })
const x = nativeValue(data)

test('program.evaluate() computes what its dumb twin computes', () => {
  fc.assert(
    fc.property(number, (tree) => {
      const compilation = environment.compile(textOf(tree))
      if ('error' in compilation) throw new Error(compilation.error)
      const planned = compilation.expression.program()
      if ('error' in planned) throw new Error(planned.error)
      const result = planned.program.evaluate({ x })
      let wanted: bigint | undefined
      try {
        wanted = numberOf(tree)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
      }
      const found = result.ok ? toNative(result.value) : undefined
      expect(found === undefined ? undefined : BigInt(String(found))).toBe(wanted)
    }),
    { numRuns: 3000 },
  )
})
