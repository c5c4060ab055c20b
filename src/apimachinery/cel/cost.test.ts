import { describe, expect, test } from 'vitest'
import { schemaSizes } from './cost/schema-sizes.ts'
import { storedEnvironment } from './kubernetes.ts'
import { type DeclType, dynDecl, nameDeclType } from './types/decl-type.ts'
import { declTypeFromSchema } from './types/decl-type-from-schema.ts'
import type { ValueSchema } from './types/value-schema.ts'
import { SchemaBinder } from './values/schema-value.ts'

const environment = storedEnvironment()

/** What a rule costs on an object, as upstream's tests have it. Rules hold. */
function costOf(schema: ValueSchema, rule: string, object: unknown): number | string {
  const type = nameDeclType(declTypeFromSchema(schema, true) ?? dynDecl, 'selfType')
  const compilation = environment.extend({ variables: { self: type } }).compile(rule)
  if ('error' in compilation) return compilation.error
  const planned = compilation.expression.program()
  if ('error' in planned) return planned.error
  const result = planned.program.evaluate({ self: new SchemaBinder(schema).value(object) })
  if (!result.ok) return result.error
  return result.value === true ? result.cost : 'is not true'
}

const object = (properties: Readonly<Record<string, ValueSchema>>): ValueSchema => ({
  type: 'object',
  properties,
})
const list = (items: ValueSchema): ValueSchema => ({ type: 'array', items })
const map = (additionalProperties: ValueSchema): ValueSchema => ({ type: 'object', additionalProperties })
const string: ValueSchema = { type: 'string' }
const integer: ValueSchema = { type: 'integer' }
const number: ValueSchema = { type: 'number' }
const intOrString: ValueSchema = { 'x-kubernetes-int-or-string': true }
const set = (items: ValueSchema): ValueSchema => ({ ...list(items), 'x-kubernetes-list-type': 'set' })
const mapList = (key: string, items: ValueSchema): ValueSchema => ({
  ...list(items),
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
})

interface Case {
  readonly name: string
  readonly schema: ValueSchema
  readonly object: unknown
  readonly costs: Readonly<Record<string, number>>
}

const array = [1, 1, 2, 2, 3, 3, 4, 5]
const large = Array.from({ length: 1000 }, (_, index) => index)

const cases: readonly Case[] = [
  {
    name: 'integers',
    schema: object({ val1: integer, val3: integer, val4: number }),
    object: { val1: 5, val3: 2147483647, val4: 10 },
    costs: {
      'self.val1 == self.val1': 5,
      'type(self.val1) == int': 4,
      'self.val3 + 1 == 2147483647 + 1': 5,
      'double(self.val1) < self.val4': 6,
      'self.val1 < int(self.val4)': 6,
      'double(5) < 10.0': 1,
      'double(self.val1) < 10.0': 4,
      'self.val4 == 10.0': 3,
    },
  },
  {
    name: 'strings',
    schema: object({ val1: string }),
    object: { val1: 'Rook takes 👑' },
    costs: {
      "self.val1.startsWith('Rook')": 4,
      "!self.val1.startsWith('knight')": 5,
      "self.val1.matches('^[^0-9]*$')": 8,
      "!self.val1.matches('^[0-9]*$')": 7,
      'size(self.val1) == 12': 4,
      "self.val1.charAt(3) == 'k'": 4,
      "self.val1.indexOf('o') == 1": 4,
      "self.val1.replace(' ', 'x') == 'Rookxtakesx👑'": 7,
      "self.val1.split(' ') == ['Rook', 'takes', '👑']": 6,
      "self.val1.split(' ', 2) == ['Rook', 'takes 👑']": 6,
      "self.val1.substring(4, 10).trim() == 'takes'": 6,
      "self.val1.upperAscii() == 'ROOK TAKES 👑'": 6,
      'self.val1.lowerAscii() == self.val1.lowerAscii()': 10,
      "'%e'.format([3.14]) == '3.140000\u202f×\u202f10⁰⁰'": 3,
      "'%o %o %o'.format([7, 8, 9]) == '7 10 11'": 2,
      "'%b %b %b'.format([7, 8, 9]) == '111 1000 1001'": 3,
    },
  },
  {
    name: 'formats',
    schema: object({
      bytes: { type: 'string', format: 'byte' },
      duration: { type: 'string', format: 'duration' },
      time: { type: 'string', format: 'date-time' },
      text: string,
    }),
    object: {
      bytes: 'QUI=',
      duration: '1h2m3s4ms',
      time: '2011-08-18T19:03:37.01+01:00',
      text: '2011-08-18T19:03:37.01+01:00',
    },
    costs: {
      "self.bytes == b'AB'": 3,
      'size(self.bytes) == 2': 4,
      "self.duration == duration('1h2m') + duration('3s4ms')": 4,
      'self.duration.getHours() == 1': 4,
      'type(self.duration) == google.protobuf.Duration': 4,
      "self.time == timestamp('2011-08-18T00:00:00.000+01:00') + duration('19h3m37s10ms')": 4,
      "self.time.getDate('01:00') == 18": 4,
      'timestamp(self.text) == self.time': 6,
      'string(self.time) == self.text': 8,
    },
  },
  {
    name: 'lists',
    schema: object({
      val1: list(integer),
      val2: list(integer),
      set: set(string),
      large: set(integer),
      array: list(integer),
    }),
    object: { val1: [1, 2, 3], val2: [1, 2, 3], set: ['a', 'b', 'c'], large, array },
    costs: {
      '1 in self.val1': 5,
      'self.val2[0] in self.val1': 8,
      '!(0 in self.val1)': 6,
      'self.val1 + self.val2 == [1, 2, 3, 1, 2, 3]': 6,
      'has(self.val1) && has(self.val2)': 2,
      "self.set == ['c', 'b', 'a']": 3,
      "'a' in self.set": 5,
      "self.set + ['c', 'd'] == ['a', 'b', 'c', 'd']": 4,
      "sets.equivalent(self.set, ['a', 'b', 'c'])": 21,
      'sets.contains(self.large, [1])': 1003,
      '!sets.equivalent(self.large, [1, 2, 3])': 6004,
      '2 in self.array': 10,
      'self.array.all(e, e > 0)': 43,
      'self.array.exists(e, e > 2)': 36,
      'self.array.exists_one(e, e > 4)': 22,
      '!self.array.all(e, e < 2)': 21,
      '!self.array.exists(e, e < 0)': 52,
      'size(self.array.filter(e, e%2 == 0)) == 3': 68,
      'self.array.map(e, e * 20).filter(e, e > 50).exists(e, e == 60)': 194,
      'self.array.all(i, e, e > 0)': 43,
      'self.array.transformList(i, e, e > 2, e * 2).size() > 0': 77,
      'self.array.transformList(i, e, e * 2).size() > 0': 117,
    },
  },
  {
    name: 'maps',
    schema: object({ val: map(integer) }),
    object: { val: { b: 1, d: 2 } },
    costs: {
      "!('a' in self.val)": 4,
      "'b' in self.val": 3,
      '!has(self.val.a)': 3,
      'has(self.val.b)': 2,
      'self.val.all(k, self.val[k] > 0)': 17,
      '!self.val.exists(k, self.val[k] == 3)': 20,
      'self.val.exists_one(k, self.val[k] == 2)': 14,
      'size(self.val.filter(k, self.val[k] > 1)) == 1': 26,
      'self.val.all(k, v, v > 0)': 13,
      'self.val.transformMap(k, v, v > 1, v + 1).size() == 1': 14,
      'self.val.transformMap(k, v, v + 1).size() == 2': 15,
      "self.val.transformMapEntry(k, v, v > 1, {k + '2': v + 1}).size() == 1": 45,
      "self.val.transformMapEntry(k, v, {k + '2': v + 1}).size() == 2": 77,
    },
  },
  {
    name: 'map lists',
    schema: object({ listMap: mapList('k', object({ k: string, v: string, v2: string })) }),
    object: {
      listMap: [
        { k: 'a1', v: 'b1' },
        { k: 'a2', v: 'b2' },
        { k: 'a3', v: 'b3', v2: 'z' },
      ],
    },
    costs: {
      'has(self.listMap[0].v)': 3,
      "self.listMap.all(m, m.k.startsWith('a'))": 21,
      "self.listMap.all(m, !has(m.v2) || m.v2 == 'z')": 21,
      "self.listMap.exists_one(m, m.k == 'a3')": 15,
      "size(self.listMap.filter(m, m.k == 'a1')) == 1": 27,
      "self.listMap.exists(m, m.k == 'a1' && m.v == 'b1')": 16,
      "self.listMap.map(m, m.v).exists(v, v == 'b1')": 55,
      "self.listMap.map(m, has(m.v2) && m.v2 == 'z', m.v2).size() == 1": 25,
      "self.listMap.exists(m, m.v2 == 'z')": 24,
      'self.listMap.transformList(i, m, m.v).size() == 3': 47,
    },
  },
  {
    name: 'conditionals',
    schema: object({ min: intOrString, current: integer, available: integer }),
    object: { min: '50%', current: 5, available: 10 },
    costs: {
      "type(self.min) == int ? self.min == 1 : self.min == '50%'": 7,
      "self.min == 1 || self.min == '50%'": 6,
      "self.min != ['anything']": 3,
      "type(self.min) == string && self.min.matches(r'(\\d+(\\.\\d+)?%)')": 10,
      "type(self.min) == int ? self.current <= self.min : double(self.current) / double(self.available) >= double(self.min.replace('%', '')) / 100.0": 17,
    },
  },
  {
    name: 'optionals',
    schema: object({ obj: object({ field: string, absentField: string }), m: map(string), l: list(string) }),
    object: { obj: { field: 'a' }, m: { k: 'v' }, l: ['a'] },
    costs: {
      "optional.of('a') != optional.of('b')": 3,
      "optional.of('a').or(optional.of('a')).hasValue()": 2,
      "optional.none().or(optional.of('a')).hasValue()": 3,
      "optional.of('a').optMap(v, v == 'value').hasValue()": 8,
      "self.obj.?field == optional.of('a')": 5,
      'self.obj.?absentField == optional.none()': 4,
      "self.obj.?field.orValue('v') == 'a'": 4,
      "self.m[?'k'] == optional.of('v')": 5,
      "self.l[?0] == optional.of('a')": 5,
    },
  },
  {
    name: 'nested collections',
    schema: object({
      mapOfMap: map(map(string)),
      listOfListMap: list(mapList('k3', object({ k3: string, v3: string }))),
    }),
    object: { mapOfMap: { x: { y: 'b' } }, listOfListMap: [[{ k3: '3', v3: 'i' }]] },
    costs: {
      "self.mapOfMap['x']['y'] == 'b'": 5,
      "self.listOfListMap[0].exists(e, e.k3 == '3' && e.v3 == 'i')": 14,
      'self.mapOfMap.map(k, k).map(k, k).size() == 1': 32,
      'self.mapOfMap.map(k, self.mapOfMap[k].map(m, m)).size() == 1': 34,
      'self.listOfListMap.map(e, e.map(e, e)).size() == 1': 32,
    },
  },
  {
    name: 'libraries',
    schema: object({ val1: string, val2: string }),
    object: { val1: '20', val2: '200M' },
    costs: {
      'isQuantity(self.val1)': 3,
      'quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")': 6,
      'quantity(self.val1).isLessThan(quantity(self.val2))': 7,
      'quantity("50k").add(quantity("20")) == quantity("50.02k")': 5,
      'lists.range(4) == [0,1,2,3]': 16,
      '[5,1,2,3].reverse() == [3,2,1,5]': 16,
      '[false, true, true].reverse().reverse() == [false, true, true]': 29,
      '[1,2,3,4].slice(1, 3) == [2, 3]': 14,
      'dyn([1,2,3,4]).flatten() == [1,2,3,4]': 16,
      '[4, 3, 2, 1].sort() == [1, 2, 3, 4]': 44,
      '["d", "a", "b", "c"].sort() == ["a", "b", "c", "d"]': 45,
      '[].sortBy(e, e) == []': 14,
      '["a"].sortBy(e, e) == ["a"]': 30,
      '[-3, 1, -5, -2, 4].sortBy(e, -(e * e)) == [-5, 4, -3, -2, 1]': 145,
      'lists.range(3).sortBy(e, -e) == [2, 1, 0]': 89,
      '[-2, 5, -2, 1, 1, 5, -2, 1].distinct() == [-2, 5, 1]': 140,
      '[[1], [1], [2]].distinct() == [[1], [2]]': 30,
    },
  },
]

describe('program.evaluate() counts what upstream counts', () => {
  for (const { name, schema, object: value, costs } of cases) {
    test(name, () => {
      const found = Object.fromEntries(Object.keys(costs).map((rule) => [rule, costOf(schema, rule, value)]))
      expect(found).toEqual(costs)
    })
  }
})

/** What a rule may cost on a schema. */
function estimateOf(schema: ValueSchema, rule: string): number | string {
  const type: DeclType = nameDeclType(declTypeFromSchema(schema, false) ?? dynDecl, 'selfType')
  const compilation = environment.extend({ variables: { self: type } }).compile(rule)
  if ('error' in compilation) return compilation.error
  return compilation.expression.estimateCost(schemaSizes(type)).max
}

describe('expression.estimateCost() goes by the bounds of the schema', () => {
  const boolean: ValueSchema = { type: 'boolean' }

  test.each([
    ['number array with all', list(number), 'self.all(x, true)', 4718591, { maxItems: 10 }, 32],
    ['string array with all', list(string), 'self.all(x, true)', 3145727, { maxItems: 20 }, 62],
    ['boolean array with all', list(boolean), 'self.all(x, true)', 1887437, { maxItems: 5 }, 17],
    ['map of numbers with all', map(number), 'self.all(x, true)', 1348169, { maxProperties: 10 }, 32],
    ['map of strings with all', map(string), 'self.all(x, true)', 1179647, { maxProperties: 3 }, 11],
    ['map of booleans with all', map(boolean), 'self.all(x, true)', 943718, { maxProperties: 100 }, 302],
    ['string with contains', string, "self.contains('test')", 314574, { maxLength: 10 }, 5],
    ['string with startsWith', string, "self.startsWith('test')", 2, { maxLength: 15 }, 2],
    ['concat string', string, 'size(self + "hello") > size("hello")', 314578, { maxLength: 4 }, 7],
    ['index of array', list(number), 'self[1] == 0.0', 2, { maxItems: 5000 }, 2],
  ])('%s', (_, schema, rule, unbounded, bound, bounded) => {
    expect([estimateOf(schema, rule), estimateOf({ ...schema, ...bound }, rule)]).toEqual([
      unbounded,
      bounded,
    ])
  })
})

/** Least and most of an expression without variables. */
function boundsOf(text: string): readonly (number | string)[] {
  const compilation = environment.compile(text)
  if ('error' in compilation) return [compilation.error]
  const { min, max } = compilation.expression.estimateCost(({ type }) =>
    type.kind === 'string' || type.kind === 'bytes' ? { min: 0, max: 12 } : undefined,
  )
  return [min, max]
}

test.each([
  ['[1, 2, 3, 4, 5].sum()', 15, 15],
  ["['a', 'b', 'c', 'd', 'e'].isSorted()", 15, 25],
  ["['aa', 'bb', 'cc', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].join(' ')", 11, 23],
  ["['aa', 'bb', 'cc', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].join()", 10, 22],
  ["url('https:://kubernetes.io/') == url('https:://kubernetes.io/')", 7, 9],
  ["url('https:://kubernetes.io/') == url('http://x.b')", 5, 5],
  ["ip('192.168.0.1') == ip('192.168.0.1')", 5, 5],
  ["ip.isCanonical('2001:db8:3333:4444:5555:6666:7777:8888')", 8, 8],
  ["cidr('192.168.0.0/16').containsCIDR('192.0.0.0/30')", 7, 11],
  ["cidr('192.168.0.0/16').containsIP('192.0.0.1')", 4, 7],
  ["'ABCDEFGHIJ abcdefghij'.lowerAscii() == 'abcdefghij ABCDEFGHIJ'.lowerAscii()", 7, 9],
  ["strings.quote('ABCDEFGHIJ abcdefghij') == strings.quote('ABCDEFGHIJ abcdefghij')", 7, 11],
  ["'abc 123 def 123'.replace('123', '456')", 3, 3],
  ["'abc 123 def 123'.split(' ')", 3, 3],
  ["'abc 123 def 123'.findAll('123')", 2, 2],
  ['quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")', 3, 6],
])('%s costs from %i to %i by its text alone', (text, least, most) => {
  expect(boundsOf(text)).toEqual([least, most])
})

test('SchemaBinder keeps integers of 64 bits', () => {
  const schema = object({ i: integer, x: intOrString, l: mapList('k', object({ k: integer })) })
  const value = { i: 2n ** 63n - 1n, x: 2 ** 53, l: [{ k: 2n ** 60n + 1n }] }
  expect(costOf(schema, 'self.i == 9223372036854775807 && self.i - 1 == 9223372036854775806', value)).toBe(7)
  expect(costOf(schema, 'self.x == 9007199254740992 && self.x + 1 == 9007199254740993', value)).toBe(7)
  expect(costOf(schema, 'self.l == self.l && self.l[0].k == 1152921504606846977', value)).toBe(10)
})
