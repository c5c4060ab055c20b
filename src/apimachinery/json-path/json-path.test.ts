import { describe, expect, it } from 'vitest'
import { JsonPath, JsonPathError } from './json-path.ts'

const object = {
  spec: {
    items: [
      { name: 'a', size: 1 },
      { name: 'b', size: 2 },
      { name: 'c', size: 3 },
    ],
    'a.b': 'dotted',
    nothing: null,
  },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
}

describe('JsonPath.find()', () => {
  it.each([
    ['.spec.items[0].name', ['a']],
    ['.spec.items[-1].name', ['c']],
    ['.spec.items[0:2].name', ['a', 'b']],
    ['.spec.items[::2].name', ['a', 'c']],
    ['.spec.items[*].size', [1, 2, 3]],
    ['.spec.items[0,2].name', ['a', 'c']],
    ["['spec']['items'][1].name", ['b']],
    ['.spec.a\\.b', ['dotted']],
    ['.spec.missing.more', []],
    ['.spec.nothing', [null]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    ['.status.conditions[?(@.type=="Other")].status', []],
    ['.spec.items[?(@.size>1)].name', ['b', 'c']],
    ['.spec.items[?(@.name)].size', [1, 2, 3]],
    ['..type', ['Ready']],
  ])('%s', (path, found) => {
    expect(new JsonPath(path).find(object)).toEqual(found)
  })

  it('throws for what does not fit', () => {
    expect(() => new JsonPath('.spec.items[7]').find(object)).toThrow('index 7, length 3')
    expect(() => new JsonPath('.spec[0]').find(object)).toThrow(JsonPathError)
  })
})

describe('JsonPath()', () => {
  it.each([
    ['.a[', 'unterminated array'],
    ['.a[x]', 'invalid array index x'],
    ['.a[?(@.b', 'unterminated filter'],
    ['.a{', 'unrecognized character'],
    ['....', 'invalid multiple recursive descent'],
  ])('refuses %s', (path, message) => {
    expect(() => new JsonPath(path)).toThrow(message)
  })
})
