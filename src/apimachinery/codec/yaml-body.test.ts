import { describe, expect, it } from 'vitest'
import { encodeYaml } from './encode-yaml.ts'
import { NumberLiteral } from './number-literal.ts'
import { parseYaml } from './yaml-body.ts'

/** Plain scalars and what Kubernetes' YAML library makes of them. */
const scalars: readonly (readonly [string, unknown])[] = [
  ['yes', true],
  ['No', false],
  ['on', true],
  ['y', true],
  ['~', null],
  ['', null],
  ['0777', 511],
  ['0o17', 15],
  ['0x1F', 31],
  ['0b101', 5],
  ['08', 8],
  ['1_000', 1000],
  ['1.0', 1],
  ['1e3', 1000],
  ['.5', 0.5],
  ['-7', -7],
  ['1:30', '1:30'],
  ['8080:80', '8080:80'],
  ['2020-01-02', '2020-01-02'],
  ['1.2.3', '1.2.3'],
  ['123abc', '123abc'],
  ['"5"', '5'],
  ["'it''s'", "it's"],
  ['!!str 5', '5'],
  ['!!binary aGVsbG8=', 'hello'],
]

describe('parseYaml()', () => {
  it.each(scalars)('parseYaml() takes %s for %j', (text, value) => {
    expect(parseYaml(`a: ${text}\n`).value).toEqual({ a: value })
  })

  it('parseYaml() expands aliases and merges', () => {
    expect(parseYaml('a: &x {b: 1, e: 0}\nc: *x\nd:\n  <<: *x\n  e: 2\n').value).toEqual({
      a: { b: 1, e: 0 },
      c: { b: 1, e: 0 },
      d: { b: 1, e: 2 },
    })
  })

  it('parseYaml() makes keys text', () => {
    expect(parseYaml('1: a\ntrue: b\n1.5: c\n').value).toEqual({ '1': 'a', true: 'b', '1.5': 'c' })
  })

  it('parseYaml() reads the first document, and JSON', () => {
    expect(parseYaml('---\na: 1\n---\nb: 2\n').value).toEqual({ a: 1 })
    expect(parseYaml('{"a": 1.0, "b": "x"}').value).toEqual({ a: 1, b: 'x' })
    expect(parseYaml('# nothing\n').value).toBeNull()
  })

  it('parseYaml() reports keys given twice as upstream does, and takes the last', () => {
    expect(parseYaml('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n')).toEqual({
      value: { a: 3, b: { c: 2 } },
      strictErrors: [
        'yaml: unmarshal errors:\n  line 4: key "c" already set in map\n  line 5: key "a" already set in map',
      ],
    })
  })

  it('parseYaml() keeps the text of integers that a number cannot hold', () => {
    const { value, exact } = parseYaml('a: 9223372036854775807\n')
    expect(value).toEqual({ a: new NumberLiteral('9223372036854775807') })
    expect(exact).toBeDefined()
  })

  it('parseYaml() names the line of an error', () => {
    expect(() => parseYaml('a: 1\nb: c: d\n')).toThrow(/^yaml: line 2: /)
    expect(() => parseYaml('a: *unknown\n')).toThrow("yaml: unknown anchor 'unknown' referenced")
    expect(() => parseYaml('a: .inf\n')).toThrow('json: unsupported value: +Inf')
  })

  it('parseYaml() bounds what aliases expand to', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 9; level++) {
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    }
    expect(() => parseYaml(lines.join('\n'))).toThrow('excessive aliasing')
  })
})

describe('encodeYaml()', () => {
  it('encodeYaml() sorts members, does not indent lists, and quotes what YAML 1.1 would misread', () => {
    expect(
      encodeYaml({ kind: 'Pod', apiVersion: 'v1', list: [{ b: 1, a: 'yes' }], mode: '0777', at: '1:30' }),
    ).toBe('apiVersion: v1\nat: "1:30"\nkind: Pod\nlist:\n- a: "yes"\n  b: 1\nmode: "0777"\n')
  })

  it('encodeYaml() folds and quotes as upstream does', () => {
    const words = `${'word '.repeat(17)}end`
    const folded = `${'word '.repeat(15)}word\n  word end`
    expect(encodeYaml({ a: `${words}: x`, b: words, c: '.', d: '# x', e: 'x\ty', f: '2020-01-02' })).toBe(
      `a: '${folded}: x'\nb: ${folded}\nc: .\nd: '# x'\ne: "x\\ty"\nf: "2020-01-02"\n`,
    )
  })

  it('encodeYaml() is inverted by parseYaml()', () => {
    const object = {
      a: 'line1\nline2\n',
      b: ['', ' x', '#', '~', 'null', '1e3', 'on'],
      c: {},
      d: [],
      e: -1.5,
      f: null,
    }
    expect(parseYaml(encodeYaml(object)).value).toEqual(object)
  })
})

describe('parseYaml() of what costs most', () => {
  it.each(['a: ', '[', '{a: ', '- ', '? '])('refuses %j nested too deeply, at any length', (piece) => {
    expect(() => parseYaml(piece.repeat(100_000))).toThrow('yaml: exceeded max depth')
  })

  it.each(['&a ', '!a ', '[,', '@\n'])('refuses a text of nothing but errors at once: %j', (piece) => {
    expect(() => parseYaml(piece.repeat(10_000))).toThrow(/^yaml: /)
  })
})
