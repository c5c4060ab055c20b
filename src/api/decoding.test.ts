import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'cborg'
import { describe, expect, it } from 'vitest'
import { parseCborBody } from '../apimachinery/codec/cbor/cbor-body.ts'
import { Conformer } from '../apimachinery/codec/conformer.ts'
import {
  type DecodedObject,
  type FieldValidation,
  ObjectDecoder,
} from '../apimachinery/codec/decode-object.ts'
import { parseJsonBody } from '../apimachinery/codec/json-body.ts'
import { builtInSchemas } from './schemas.ts'
import { kindSchema } from './testing/kind-schemas.ts'

const decoder = new ObjectDecoder(builtInSchemas, new Conformer(builtInSchemas))

function decode(path: string, body: string, fieldValidation: FieldValidation = 'Warn'): DecodedObject {
  const { kind, schema } = kindSchema(path)
  return decoder.decode(new TextEncoder().encode(body), parseJsonBody, {
    expected: kind,
    schema,
    fieldValidation,
  })
}

function outcome(run: () => DecodedObject): {
  readonly object?: unknown
  readonly error?: string
  readonly warnings?: unknown
} {
  try {
    const { object, warnings } = run()
    return { object, warnings }
  } catch (error) {
    return { error: error instanceof Error ? error.message : '' }
  }
}

interface Case {
  readonly kind: string
  readonly body: string
  readonly error?: string
  readonly object?: object
  readonly strict?: readonly string[]
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata', 'decoding.json'), 'utf8'),
)

describe('decode() does as upstream v1.36 does', () => {
  it.each(cases)('decode() $kind $body', ({ kind, body, error, object, strict }) => {
    const found = outcome(() => decode(kind, body))
    if (error !== undefined) {
      expect(found.error).toContain(error)
      return
    }
    const { schema } = kindSchema(kind)
    const written = decoder.written(found.object, schema, 'json')
    const { apiVersion, kind: _kind, ...rest } = written as Record<string, unknown>
    expect(apiVersion).toBe(kind.split('/').slice(0, -1).join('/'))
    expect(rest).toEqual(object)
    expect([...(found.warnings as string[])].sort()).toEqual([...(strict ?? [])].sort())
  })
})

describe('decode()', () => {
  it('decode() gives back what the native parser made where nothing changes', () => {
    const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}'
    expect(decode('v1/ConfigMap', body)).toEqual({ object: JSON.parse(body), warnings: [] })
  })

  it('decode() names what cannot be handled', () => {
    expect(outcome(() => decode('apps/v1/Deployment', '{"spec":{"replicas":"x"}}')).error).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    )
    expect(outcome(() => decode('v1/Pod', '{"kind":"Foo","apiVersion":"bar/v1"}')).error).toBe(
      'Foo in version "v1" cannot be handled as a Pod: no kind "Foo" is registered for version "bar/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    )
    expect(
      outcome(() =>
        decode(
          'autoscaling/v2/HorizontalPodAutoscaler',
          '{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v1"}',
        ),
      ).error,
    ).toBe(
      'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
    )
    expect(outcome(() => decode('v1/Pod', 'hello')).error).toBe(
      "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f)",
    )
  })

  it('decode() refuses unknown and duplicate fields when strict, and is silent when told to ignore them', () => {
    const body = '{"data":{"a":"1","a":"2"},"foo":1}'
    expect(outcome(() => decode('v1/ConfigMap', body, 'Strict')).error).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a", unknown field "foo"',
    )
    expect(decode('v1/ConfigMap', body, 'Ignore')).toEqual({
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { a: '2' } },
      warnings: [],
    })
  })

  it('decode() keeps a key named __proto__ a key', () => {
    const { object } = decode('v1/ConfigMap', '{"data":{"__proto__":"x","a":null}}')
    expect(JSON.stringify(object)).toContain('"data":{"__proto__":"x","a":""}')
  })

  it('decode() keeps custom resources as they are and reports duplicate keys', () => {
    const expected = { group: 'example.com', version: 'v1', kind: 'Widget' }
    const body = new TextEncoder().encode('{"spec":{"a":1.0,"list":[{"b":1,"b":2}]}}')
    expect(decoder.decode(body, parseJsonBody, { expected, fieldValidation: 'Warn' })).toEqual({
      object: { apiVersion: 'example.com/v1', kind: 'Widget', spec: { a: 1, list: [{ b: 2 }] } },
      warnings: ['duplicate field "spec.list[0].b"'],
    })
  })

  it('decode() refuses integers that a number cannot hold, instead of changing them', () => {
    expect(
      outcome(() => decode('v1/Pod', '{"spec":{"activeDeadlineSeconds":9007199254740993}}')).error,
    ).toContain('json: cannot keep number 9007199254740993 exactly')
  })

  it('accept() takes an object of the same process as if it had been decoded', () => {
    const { kind, schema } = kindSchema('v1/ConfigMap')
    const options = { expected: kind, schema, fieldValidation: 'Strict' } as const
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', labels: {} },
      data: undefined,
    }
    expect(decoder.accept(object, options).object).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', labels: {} },
    })
    expect(outcome(() => decoder.accept('text', options)).error).toContain('must be of type ConfigMap')
    expect(outcome(() => decoder.accept({ ...object, foo: 1 }, options)).error).toContain(
      'unknown field "foo"',
    )
  })

  it('written() leaves out what Go leaves out when it encodes, and decode() keeps it for hooks', () => {
    const { schema } = kindSchema('v1/Pod')
    const { object } = decode(
      'v1/Pod',
      '{"metadata":{"labels":{}},"spec":{"containers":[],"tolerations":[]}}',
    )
    expect(object).toMatchObject({ metadata: { labels: {} }, spec: { containers: [], tolerations: [] } })
    const shown = decoder.written(object as object, schema, 'json')
    expect(shown).toMatchObject({ metadata: {}, spec: { containers: [] } })
    expect(JSON.stringify(shown)).not.toContain('tolerations')
    expect(JSON.stringify(shown)).not.toContain('labels')
    expect(decoder.written(shown, schema, 'json')).toBe(shown)
  })

  it('written() makes null of an empty list that Go always shows on its way to the store alone', () => {
    const { schema } = kindSchema('rbac.authorization.k8s.io/v1/Role')
    const { object } = decode('rbac.authorization.k8s.io/v1/Role', '{"rules":[]}')
    expect(decoder.written(object as object, schema, 'json')).toMatchObject({ rules: [] })
    expect(decoder.written(object as object, schema, 'protobuf')).toMatchObject({ rules: null })
  })

  it('written() goes through types that are parts of themselves, and through their unions', () => {
    const crd = 'apiextensions.k8s.io/v1/CustomResourceDefinition'
    const props = { type: 'array', items: { not: { required: [] }, enum: [] }, required: [] }
    const body = JSON.stringify({ spec: { versions: [{ schema: { openAPIV3Schema: props } }] } })
    const { object } = decode(crd, body)
    const shown = decoder.written(object as object, kindSchema(crd).schema, 'json')
    expect(JSON.stringify(object)).toContain('"items":{"not":{"required":[]},"enum":[]}')
    expect(JSON.stringify(shown)).toContain('"openAPIV3Schema":{"type":"array","items":{"not":{}}}')
  })

  it('decode() bounds the depth', () => {
    const deep = '['.repeat(2000) + ']'.repeat(2000)
    expect(outcome(() => decode('apps/v1/ControllerRevision', `{"data":${deep}}`)).error).toContain(
      'exceeded max depth',
    )
  })
})

describe('ObjectDecoder.decode() of CBOR', () => {
  const named = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }
  const cannot = 'Service in version "v1" cannot be handled as a Service: '
  const unrecognized =
    /^the object provided is unrecognized \(must be of type Service\): unable to determine group\/version\/kind: /
  const text = (value: unknown): string => {
    const { kind, schema } = kindSchema('v1/Service')
    const body = value instanceof Uint8Array ? value : encode(value)
    const options = { expected: kind, schema, fieldValidation: 'Warn' } as const
    const { error, warnings } = outcome(() => decoder.decode(body, parseCborBody, options))
    return error ?? String(warnings)
  }

  it.each<[unknown, string]>([
    [{ ports: [{ port: 'x' }] }, 'UTF-8 text string into Go struct field v1.Service.spec of type int32'],
    [
      { ports: [{ port: 2 ** 40 }] },
      "positive integer into Go struct field v1.Service.spec of type int32 (1099511627776 overflows Go's int32)",
    ],
    [
      { ports: [{ port: 1, targetPort: 1.5 }] },
      'primitives into Go struct field v1.Service.spec of type int32',
    ],
    [{ ports: {} }, 'map into Go struct field v1.Service.spec of type []v1.ServicePort'],
    [
      [],
      'array into Go struct field v1.Service.spec of type v1.ServiceSpec (cannot decode CBOR array to struct without toarray option)',
    ],
  ])('says that a spec of %j does not fit', (spec, message) =>
    expect(text({ ...named, spec })).toBe(`${cannot}cbor: cannot unmarshal ${message}`),
  )

  it('tells the first unknown field by its place', () =>
    expect(text({ ...named, spec: {}, longerThanOthers: 1, longerThanAllOthers: 2 })).toBe(
      'cbor: found unknown field at map element index 4',
    ))

  it('refuses what can be nothing as a part of the object, and a whole that is none', () => {
    const body = Buffer.from(encode({ ...named, spec: 0 }))
    body[body.indexOf('spec') + 'spec'.length] = 0xf7
    const what =
      'cbor: data item of cbor type primitives is not accepted by protocol: simple value 23 is not recognized'
    expect(text(body)).toBe(`${cannot}${what}`)
    expect(text(1)).toMatch(unrecognized)
    expect(text({ kind: 1 })).toMatch(/into Go struct field v1\.TypeMeta\.kind of type string/)
  })
})
