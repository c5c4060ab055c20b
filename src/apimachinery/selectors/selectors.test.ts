import { describe, expect, test } from 'vitest'
import { StatusError } from '../status-error.ts'
import { FieldMatcher, parseFieldSelector } from './field-selector.ts'
import { formatLabelSelector, LabelMatcher, labelMatcherOf, labelMatcherOfMap } from './label-selector.ts'
import { parseLabelSelector } from './parse-label-selector.ts'

const messageOf = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    if (error instanceof StatusError && error.code === 400) return error.message
    throw error
  }
  return ''
}

describe('parseLabelSelector()', () => {
  test.each([
    ['app=web', { app: 'web' }, true],
    ['app=web', { app: 'db' }, false],
    ['app==web,tier!=back', { app: 'web' }, true],
    ['x in (a, b),!y', { x: 'b' }, true],
    ['x in (a,b),!y', { x: 'b', y: '' }, false],
    ['x notin (a)', {}, true],
    ['x notin (a)', { x: 'a' }, false],
    ['x in ()', { x: '' }, true],
    ['x=', { x: '' }, true],
    ['x', { x: 'anything' }, true],
    ['n>5,n<10', { n: '7' }, true],
    ['n>5', { n: 'seven' }, false],
    ['in in (in)', { in: 'in' }, true],
    ['toString', {}, false],
    ['', undefined, true],
  ])('%j against %j: %j', (text, labels, expected) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(expected)
  })
  test.each([
    ['z=1,a in (c,b)', 'a in (b,c),z=1'],
    ['!a', '!a'],
    ['x in (foo,,baz),y,z notin ()', 'x in (,baz,foo),y,z notin ()'],
    ['a>1', 'a>1'],
  ])('%j prints as %j', (text, printed) => {
    expect(parseLabelSelector(text).toString()).toBe(printed)
  })
  test.each([
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'a>b',
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])('%j is refused', (text, message) => {
    expect(messageOf(() => parseLabelSelector(text))).toBe(message)
  })
  test('names the place of an invalid key or value', () => {
    expect(messageOf(() => parseLabelSelector('a@b=c'))).toMatch(
      /^unable to parse requirement: <nil>: Invalid value: "a@b": name part must consist of/,
    )
    expect(messageOf(() => parseLabelSelector('a=b@c'))).toMatch(
      /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "b@c": a valid label must be/,
    )
  })
})

test('labelMatcherOf() follows LabelSelector: absent matches nothing, empty everything', () => {
  expect(labelMatcherOf(undefined)).toMatchObject({ requirements: undefined })
  expect(labelMatcherOf({})).toMatchObject({ requirements: [] })
  const matcher = labelMatcherOf({
    matchLabels: { app: 'web' },
    matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }],
  })
  expect(matcher).toBeInstanceOf(LabelMatcher)
  expect(String(matcher)).toBe('app=web,tier in (a,b)')
  expect(labelMatcherOf({ matchExpressions: [{ key: 'a', operator: 'Like' }] })).toEqual({
    error: '"Like" is not a valid label selector operator',
  })
  expect(formatLabelSelector({})).toBe('<none>')
})

test('exactValue() finds what an index can use', () => {
  expect(parseLabelSelector('a=1,b in (2),c in (3,4)').exactValue('a')).toBe('1')
  expect(parseLabelSelector('a=1,b in (2)').exactValue('b')).toBe('2')
  expect(parseLabelSelector('c in (3,4)').exactValue('c')).toBeUndefined()
  expect(labelMatcherOfMap({ a: '1' }).exactValue('a')).toBe('1')
  expect(parseFieldSelector('spec.nodeName=n1').exactValue('spec.nodeName')).toBe('n1')
})

describe('parseFieldSelector()', () => {
  test('splits, unescapes and matches', () => {
    const selector = parseFieldSelector('metadata.name=a\\,b\\=c,status.phase!=Running')
    expect(selector.requirements).toEqual([
      { field: 'metadata.name', operator: '=', value: 'a,b=c' },
      { field: 'status.phase', operator: '!=', value: 'Running' },
    ])
    expect(selector.matches((field) => (field === 'metadata.name' ? 'a,b=c' : 'Pending'))).toBe(true)
    expect(parseFieldSelector('=,==').empty).toBe(true)
    expect(parseFieldSelector('!=').empty).toBe(false)
    expect(selector.matches(() => 'Running')).toBe(false)
    expect(selector.toString()).toBe('metadata.name=a\\,b\\=c,status.phase!=Running')
    expect(new FieldMatcher([]).empty).toBe(true)
  })
  test.each([
    ['abc', "invalid selector: 'abc'; can't understand 'abc'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
  ])('%j is refused', (text, message) => {
    expect(messageOf(() => parseFieldSelector(text))).toBe(message)
  })
})
