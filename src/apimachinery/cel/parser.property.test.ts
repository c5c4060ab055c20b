import fc from 'fast-check'
import { expect, test } from 'vitest'
import { storedEnvironment } from './kubernetes.ts'
import { dynType } from './types/type.ts'
import { nativeValue } from './values/native.ts'

const environment = storedEnvironment().extend({ variables: { x: dynType, y: dynType } })

const words = (
  "x y z 1 2.5 3u 0x1F -9223372036854775808 'a' \"b\" r'\\d' b'c' '''d''' true false null [ ] { } ( ) . , : ? ! - + * / % " +
  '== != < <= > >= && || in has all exists map filter size matches optional of none orValue .? [? {? [?x] ' +
  "duration timestamp '1h' '2020-01-01T00:00:00Z' format '%s' @ ` \\ // \n namespace __a__ 😁"
).split(' ')

const token = fc.constantFrom(...words)

/** Whatever the text is, there is an answer: issues, a plan that is refused, or a value or error within its cost. */
function answers(text: string): void {
  const compilation = environment.compile(text)
  if ('error' in compilation) {
    expect(compilation.error).toMatch(/^ERROR: <input>:/)
    return
  }
  const { max } = compilation.expression.estimateCost(() => undefined)
  expect(max).toBeGreaterThanOrEqual(0)
  const planned = compilation.expression.program()
  if ('error' in planned) return
  const result = planned.program.evaluate(
    { x: nativeValue([1, { a: 'b' }]), y: nativeValue({ a: 1 }) },
    { costLimit: 10_000 },
  )
  expect(result.cost).toBeGreaterThanOrEqual(0)
}

test('environment.compile() answers any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), answers), { numRuns: 1000 })
})

test('environment.compile() answers any row of tokens', () => {
  const rows = fc.array(token, { maxLength: 25 })
  fc.assert(
    fc.property(rows, fc.constantFrom('', ' '), (row, gap) => answers(row.join(gap))),
    { numRuns: 3000 },
  )
})

test('environment.compile() answers deep and long texts', () => {
  for (const piece of [
    '(',
    '[',
    '{',
    '-',
    '!',
    'x.',
    'x[',
    '1+',
    '1?',
    "'",
    '"""',
    'a||',
    'x.map(x,',
    '[?',
    '{1:',
  ]) {
    for (const size of [10, 300, 20_000]) answers(piece.repeat(size))
  }
})
