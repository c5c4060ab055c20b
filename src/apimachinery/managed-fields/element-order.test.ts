import { expect, test } from 'vitest'
import { compareElements } from './element-order.ts'
import { inOrder } from './field-set.ts'

test('compareElements() goes by what elements say: names, then keys, values and indices', () => {
  const elements = [
    ...['.', 'f:image', 'f:name', 'k:{"port":80}', 'k:{"port":443}', 'k:{"port":8080,"protocol":"SCTP"}'],
    ...['k:{"port":8080,"protocol":"TCP"}', 'k:{"type":"A"}', 'v:2', 'v:10', 'v:"a"', 'v:"a b"', 'v:"b"'],
    ...['v:false', 'v:true', 'v:[1]', 'v:[1,2]', 'v:{"a":1}', 'v:{"b":0}', 'v:null', 'i:2', 'i:10'],
  ]
  expect([...elements].reverse().sort(compareElements)).toEqual(elements)
})

test('inOrder() sorts at every depth, and leaves alone what is sorted', () => {
  const item = { 'f:name': {}, '.': {}, 'f:image': {} }
  const ordered = inOrder({ 'f:spec': { 'f:containers': { 'k:{"name":"b"}': item, 'k:{"name":"a"}': {} } } })
  const image = '{".":{},"f:image":{},"f:name":{}}'
  const expected = `{"f:spec":{"f:containers":{"k:{\\"name\\":\\"a\\"}":{},"k:{\\"name\\":\\"b\\"}":${image}}}}`
  expect(JSON.stringify(ordered)).toBe(expected)
  expect(inOrder(ordered)).toBe(ordered)
})
