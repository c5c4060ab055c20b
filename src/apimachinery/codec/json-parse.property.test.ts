import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonExactly } from './json-exact.ts'
import { parseJson } from './json-parse.ts'
import { scanJson } from './json-scan.ts'
import { NumberLiteral, resolveNumbers } from './number-literal.ts'

/** Zero has no sign here: Go's integers have none. */
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value).replaceAll('-0,', '0,')))

function native(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function exact(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: resolveNumbers(parseJsonExactly(text).value) }
  } catch {
    return undefined
  }
}

describe('parseJsonExactly()', () => {
  it('parseJsonExactly() reads what the native parser reads', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        expect(resolveNumbers(parseJsonExactly(JSON.stringify(value, null, indent)).value)).toEqual(value)
      }),
    )
  })

  it('parseJsonExactly() takes and refuses the same texts as the native parser', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      '1',
      '-',
      '0.5',
      '1e',
      ' ',
      'true',
      'nul',
      '01',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        expect(exact(text)).toEqual(native(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('parseJsonExactly() keeps the text of numbers and the names of duplicate keys', () => {
    const { value, duplicates } = parseJsonExactly('{"a":1.0,"b":9007199254740993,"a":{"c":1,"c":2,"c":3}}')
    expect(value).toEqual({ a: { c: 3 }, b: new NumberLiteral('9007199254740993') })
    expect([...duplicates.values()]).toEqual([
      [
        { key: 'c', at: 1 },
        { key: 'c', at: 1 },
      ],
      [{ key: 'a', at: 2 }],
    ])
  })
})

describe('parseJson()', () => {
  it('parseJson() goes the exact way only where it must', () => {
    expect(parseJson('{"a":1,"b":"x.y 1.5 {","c":[true,null]}').exact).toBeUndefined()
    expect(parseJson('{"a":1.5}').exact).toBeDefined()
    expect(parseJson('{"a":1e3}').exact).toBeDefined()
    expect(parseJson('{"a":1234567890123456}').exact).toBeDefined()
    expect(parseJson('{"a":1,"a":2}').exact).toBeDefined()
  })

  it('parseJson() counts members past strings that look like JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (object) => {
        const text = JSON.stringify(object)
        expect(scanJson(text).members).toBe(Object.keys(object).length)
        expect(parseJson(text)).toEqual({ value: JSON.parse(text) })
      }),
    )
  })
})
