import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { resolveNumbers } from './number-literal.ts'
import { parseYamlBody } from './yaml-body.ts'
import { parsedYaml, yamlToJson } from './yaml-json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('parsedYaml() of yamlToJson() says what parseYamlBody() says', () => {
  const value = fc.jsonValue({ maxDepth: 4, noUnicodeString: false })
  fc.assert(
    fc.property(value, (any) => {
      const body = bytes(stringify(any))
      const direct = resolveNumbers(parseYamlBody(body).value)
      expect(resolveNumbers(parsedYaml(yamlToJson(body)).value)).toEqual(direct)
    }),
  )
})

test('yamlToJson() keeps large integers to the digit, and what a strict parser says', () => {
  const body = bytes('a: 9007199254740993\nb: 1\nb: 2\n')
  expect(yamlToJson(body)).toEqual({
    json: '{"a":9007199254740993,"b":2}',
    strictErrors: parseYamlBody(body).strictErrors,
  })
  expect(yamlToJson(body).strictErrors).toHaveLength(1)
})
