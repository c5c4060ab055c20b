import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeYaml } from './encode-yaml.ts'
import { parseYaml } from './yaml-body.ts'
import { compareKeys } from './yaml-key-order.ts'

const texts = fc.oneof(
  fc.string(),
  fc.string({
    unit: fc.constantFrom('a', ' ', '\n', ':', '#', "'", '"', '-', '1', '\t', 'é', '😀'),
    maxLength: 200,
  }),
)

test('encodeYaml() writes what parseYaml() reads', () => {
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      texts,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(texts, tie('value'), { maxKeys: 4 }),
    ),
  })).value
  fc.assert(
    fc.property(fc.dictionary(texts, values, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), (object) => {
      expect(JSON.parse(JSON.stringify(parseYaml(encodeYaml(object)).value))).toEqual(
        JSON.parse(JSON.stringify(object)),
      )
    }),
  )
})

test('compareKeys() counts numbers within keys', () => {
  expect(['x10', 'x9', 'x010', 'x-1', 'b', '1', '.'].sort(compareKeys)).toEqual([
    '.',
    '1',
    'b',
    'x-1',
    'x9',
    'x10',
    'x010',
  ])
})
