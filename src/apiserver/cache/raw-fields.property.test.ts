import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import { protobufPacks } from '../../api/generated/protobuf.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import { RawJson } from '../../apimachinery/codec/raw-json.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { Layout } from './layout.ts'
import { RawFields } from './raw-fields.ts'

/** Texts that look like what is cut out. */
const word = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '"managedFields":[{"fieldsV1":{"f:a":{}}}]',
    'managedFields',
    'fieldsV1',
    '"fieldsV1":{',
    '}]},{"',
    '\\',
    'k:{"name":"x"}',
  ),
)
const tree = fc.letrec((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, fc.constant({}), fc.dictionary(word, tie('node'), { maxKeys: 3 })),
})).node
const entry = fc.record(
  { manager: word, operation: fc.constantFrom('Apply', 'Update'), subresource: word, fieldsV1: tree },
  { requiredKeys: ['manager'] },
)
const metadata = fc.record(
  {
    name: fc.constant('x'),
    annotations: fc.dictionary(word, word, { maxKeys: 3 }),
    managedFields: fc.array(entry, { maxLength: 4 }),
  },
  { requiredKeys: ['name'] },
)
const object = fc.record({
  metadata,
  spec: fc.record({ data: fc.jsonValue(), template: fc.record({ metadata }, { requiredKeys: [] }) }),
})

const whole = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (each instanceof RawJson ? JSON.parse(each.text) : each)))

test('what is read around the trees of owned fields is what the text says', () => {
  const layout = new Layout({ group: '', version: 'v1', kind: 'Pod' })
  fc.assert(
    fc.property(object, (given) => {
      const { bytes } = layout.store(given as KubernetesObject)
      expect(whole(layout.parseRawFields(bytes))).toEqual(layout.parse(bytes))
    }),
    { numRuns: 500 },
  )
})

test('trees of owned fields are left alone, and shared by those that have the same', () => {
  const fields = new RawFields()
  const text = (name: string) =>
    `{"metadata":{"name":"${name}","managedFields":[{"manager":"a","fieldsV1":{"f:a":{"k:{\\"b\\":1}":{}}}},{"manager":"b","fieldsV1":{}}]}}`
  const [one, other] = ['x', 'y'].map((name) => fields.parse(text(name)).metadata?.managedFields)
  expect(one?.[0]?.fieldsV1).toEqual(new RawJson('{"f:a":{"k:{\\"b\\":1}":{}}}'))
  expect(other?.[0]?.fieldsV1).toBe(one?.[0]?.fieldsV1)
  expect(other?.[1]?.fieldsV1).toEqual(new RawJson('{}'))
})

test('protobuf of what was not read is that of what was', () => {
  const codec = new ProtobufCodec(protobufPacks, builtInSchemas)
  const layout = new Layout(Pod)
  const fieldsV1 = {
    'f:metadata': { 'f:labels': { '.': {}, 'f:ü<': {} } },
    'f:spec': { 'k:{"name":"c"}': {} },
  }
  const { bytes } = layout.store({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: 'x',
      labels: { 'ü<': 'a' },
      managedFields: [
        { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 },
      ],
    },
  })
  expect(codec.encode(layout.parseRawFields(bytes))).toEqual(codec.encode(layout.parse(bytes)))
})
