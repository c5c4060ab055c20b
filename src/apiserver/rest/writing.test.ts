import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import { IPAddress } from '../../api/networking/ip-address/kind.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let server: TestServer
const maps = '/api/v1/namespaces/ns/configmaps'
const deployments = '/apis/apps/v1/namespaces/ns/deployments'
const yaml = { 'content-type': 'application/yaml' }

beforeAll(async () => {
  server = await startTestServer()
  await server.call('POST', maps, { metadata: { name: 'kept', finalizers: ['x/y'] } })
})
afterAll(() => server.close())

const message = (text: string): string => JSON.parse(text).message

const deletions: readonly [body: unknown, status: number, told: string][] = [
  [
    { kind: 'Foo', apiVersion: 'v1' },
    400,
    'no kind "Foo" is registered for version "v1" in scheme "pkg/apis/meta/internalversion/scheme/register.go:27"',
  ],
  [
    '[]',
    400,
    `couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
  ],
  [
    '{"gracePeriodSeconds":1.5}',
    400,
    'json: cannot unmarshal number 1.5 into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
  ],
  [
    { dryRun: 'All' },
    400,
    'json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string',
  ],
  [
    { preconditions: { uid: 5 } },
    400,
    'json: cannot unmarshal number into Go struct field Preconditions.preconditions.uid of type types.UID',
  ],
  [
    { propagationPolicy: 'Orphan', orphanDependents: true },
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  ],
]

describe('DELETE', () => {
  test.each(deletions)('refuses %j', async (body, status, told) => {
    const answer = await server.call('DELETE', `${maps}/kept`, body)
    expect([answer.status, message(answer.text)]).toEqual([status, told])
  })

  test('takes null and options of any group for options', async () => {
    for (const body of ['null', { kind: 'DeleteOptions', apiVersion: 'policy/v1' }]) {
      const { status } = await server.call('DELETE', `${maps}/kept?dryRun=All`, body)
      expect(status).toBe(200)
    }
  })
})

const sloppy = `{"metadata":{"name":"d"},"spec":{"unknown":1,"other":1,"other":2,"paused":true,"paused":false,
  "selector":{},"template":{"spec":{"containers":[{"name":"c","nested":1,"image":"a","image":"b"}]}}}}`
const findings = [
  'unknown field "spec.unknown"',
  'unknown field "spec.other"',
  'duplicate field "spec.paused"',
  'unknown field "spec.template.spec.containers[0].nested"',
  'duplicate field "spec.template.spec.containers[0].image"',
]
const sloppyYaml =
  'metadata: {name: yy}\nspec:\n  unknown: 1\n  paused: true\n  paused: false\n  b: 1\n  a: 1\n'
const yamlFindings = ['unknown field "spec.a"', 'unknown field "spec.b"', 'unknown field "spec.unknown"']

describe('fieldValidation', () => {
  test('names unknown and duplicate fields as they come', async () => {
    const strict = await server.call('POST', `${deployments}?fieldValidation=Strict`, sloppy)
    expect(message(strict.text)).toBe(
      `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${findings.join(', ')}`,
    )
    expect((await server.call('POST', `${deployments}?dryRun=All`, sloppy)).warnings).toEqual(findings)
    const ignored = await server.call('POST', `${deployments}?dryRun=All&fieldValidation=Ignore`, sloppy)
    expect([ignored.status, ignored.warnings]).toEqual([201, []])
  })

  test('names those of YAML with their lines, sorted as Go sorts members', async () => {
    const strict = await server.call('POST', `${deployments}?fieldValidation=Strict`, sloppyYaml, yaml)
    expect(message(strict.text)).toBe(
      `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: yaml: unmarshal errors:\n  line 5: key "paused" already set in map, ${yamlFindings.join(', ')}`,
    )
    const warned = await server.call('POST', `${deployments}?dryRun=All`, sloppyYaml, yaml)
    expect(warned.warnings).toEqual(['line 5: key "paused" already set in map', ...yamlFindings])
  })
})

describe('object size', () => {
  const large = (name: string, bytes: number) => ({ metadata: { name }, data: { a: 'x'.repeat(bytes) } })

  test('is limited as by etcd', async () => {
    const tooLarge = await server.call('POST', maps, large('a', 1.6 * 2 ** 20))
    expect([tooLarge.status, JSON.parse(tooLarge.text)]).toMatchObject([
      500,
      { message: 'etcdserver: request is too large', status: 'Failure', code: 500 },
    ])
    expect(message((await server.call('POST', maps, large('a', 2.5 * 2 ** 20))).text)).toMatch(
      /^rpc error: code = ResourceExhausted desc = trying to send message larger than max \(\d+ vs. 2097152\)$/,
    )
  })

  test('makes managed fields give way', async () => {
    const limit = 1.5 * 2 ** 20
    const keys = Object.fromEntries(Array.from({ length: 4000 }, (_, index) => [`key-${index}`, 'x']))
    const object = { metadata: { name: 'fits' }, data: { ...keys, a: 'x'.repeat(limit - 90_000) } }
    const { status, text } = await server.call('POST', maps, object)
    expect([status, JSON.parse(text).metadata.managedFields]).toEqual([201, undefined])
  })
})

test('a body that nests too deeply is refused', async () => {
  const deep = `{"metadata":{"name":"deep"},"x":${'['.repeat(2000)}${']'.repeat(2000)}}`
  const { status, text } = await server.call('POST', maps, deep)
  expect([status, message(text)]).toEqual([
    400,
    expect.stringContaining("json parse error: invalid character '[' exceeded max depth"),
  ])
})

test('half a character is none', async () => {
  const body = '{"metadata":{"name":"half"},"data":{"a":"x\\ud800y","b":"\\ud83d\\ude00"}}'
  const { text } = await server.call('POST', maps, body)
  expect(JSON.parse(text).data).toEqual({ a: 'x\ufffdy', b: '😀' })
})

describe('real kinds', () => {
  let real: TestServer
  beforeAll(async () => {
    real = await startTestServer({ kinds: [EndpointSlice, IPAddress] })
  })
  afterAll(() => real.close())

  test('who sends an empty list owns it, though it is stored as none', async () => {
    const slice = { metadata: { name: 'none' }, addressType: 'IPv4', endpoints: [] }
    const path = '/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices'
    const { metadata, ...made } = JSON.parse((await real.call('POST', path, slice)).text)
    expect(made).toMatchObject({ endpoints: null, ports: null })
    expect(metadata.managedFields[0].fieldsV1).toEqual({ 'f:addressType': {}, 'f:endpoints': {} })
  })

  test('a kind’s own rule for names comes first, and judges generateName too', async () => {
    const address = { metadata: { name: '10.0.0.01', generateName: 'x' }, spec: {} }
    const { text } = await real.call('POST', '/apis/networking.k8s.io/v1/ipaddresses', address)
    expect(JSON.parse(text).details.causes.map(({ message: why }: { message: string }) => why)).toEqual([
      'Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'Invalid value: "10.0.0.01": must not have leading 0s',
      'Required value',
    ])
  })
})
