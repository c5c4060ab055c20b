import { vi } from 'vitest'
import { attempts, type Row } from './support/attempts.ts'
import type { Ground } from './support/ground.ts'
import { envelope, nestedField } from './support/protobuf.ts'
import type { Attempt } from './support/send.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const maps = '/api/v1/namespaces/team/configmaps'
const things = '/apis/example.com/v1/namespaces/team/things'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** May write what it likes in `team`, and definitions. */
const writer = 'writer'

const definition = (openAPIV3Schema: object): object => ({
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
  },
})

async function prepare({ api }: Ground): Promise<void> {
  await api.create('/api/v1/namespaces', { metadata: { name: 'team' } })
  await api.create(`${rbac}/clusterroles`, {
    metadata: { name: 'writes' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['create', 'update', 'patch', 'get', 'list'] }],
  })
  await api.create(`${rbac}/clusterrolebindings`, {
    metadata: { name: 'writes' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'writes' },
    subjects: [{ kind: 'User', apiGroup, name: writer }],
  })
  await api.create(maps, { metadata: { name: 'known' }, data: { a: 'b' } })
  await api.create(definitions, definition({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }))
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'known' }, spec: [1] }
  await vi.waitFor(() => api.create(things, thing), { timeout: 10_000, interval: 50 })
}

const json = 'application/json'
const yaml = 'application/yaml'
const protobuf = 'application/vnd.kubernetes.protobuf'
const patches = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

const row = (what: string, attempt: Attempt, code: number, says?: string | RegExp): Row => ({
  what,
  attempt: (ground) => ({ certificate: ground.certificate(writer), ...attempt }),
  code,
  ...(says === undefined ? {} : { says }),
})
const create = (contentType: string, body: string | Buffer): Attempt => ({ path: maps, contentType, body })
const patch = (type: keyof typeof patches, body: unknown, to = `${maps}/known`): Attempt => ({
  path: type === 'apply' ? `${to}?fieldManager=x` : to,
  method: 'PATCH',
  contentType: patches[type],
  body,
})

const tooLarge = 'Request entity too large: limit is 3145728'
const megabytes = (count: number): string => 'x'.repeat(count * 1024 * 1024)
const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n'
const jsonMap = (rest: string): string =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},${rest}}`

const large: readonly Row[] = [
  row('JSON', create(json, jsonMap(`"data":{"a":"${megabytes(3)}"}`)), 413, tooLarge),
  row('YAML', create(yaml, `${map}data: {a: ${megabytes(3)}}`), 413, tooLarge),
  row('protobuf', create(protobuf, megabytes(4)), 413, tooLarge),
  row('CBOR', create('application/cbor', megabytes(4)), 415),
  row('nothing known', create('text/plain', megabytes(4)), 415),
  row('an update', { path: `${maps}/known`, method: 'PUT', body: megabytes(4) }, 413, tooLarge),
  row('a merge patch', patch('merge', { data: { a: megabytes(3) } }), 413, tooLarge),
  row('a strategic merge patch', patch('strategic', { data: { a: megabytes(3) } }), 413, tooLarge),
  row('a JSON patch', patch('json', `[${' '.repeat(3 * 1024 * 1024)}]`), 413, tooLarge),
  row('what is applied', patch('apply', megabytes(4)), 413, tooLarge),
  row(
    'a review',
    { path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body: megabytes(4) },
    413,
    tooLarge,
  ),
  row(
    'one that is compressed',
    { ...create(json, megabytes(4)), headers: { 'content-encoding': 'gzip' } },
    413,
  ),
  row(
    'one that is announced, and not sent',
    { path: maps, method: 'POST', headers: { 'content-length': '99999999', 'content-type': json } },
    413,
  ),
  row('more data than a ConfigMap may have', create(json, jsonMap(`"data":{"a":"${megabytes(2)}"}`)), 422),
  row('a head', { path: maps, headers: { 'x-large': megabytes(1) } }, 431),
  row('a target', { path: `${maps}?labelSelector=${megabytes(1)}` }, 431),
].map((each) => ({ ...each, what: `too large: ${each.what}` }))

const deep = (open: string, close: string, count = 20_000): string => open.repeat(count) + close.repeat(count)
const tooDeep = 'exceeded max depth'

const nested: readonly Row[] = [
  row('JSON arrays', create(json, jsonMap(`"x":${deep('[', ']')}`)), 400, tooDeep),
  row('JSON objects', create(json, jsonMap(`"x":${deep('{"a":', '}').replace('}', '1}')}`)), 400, tooDeep),
  row('JSON without an end', create(json, '['.repeat(1_000_000)), 400, tooDeep),
  row('an update', { path: `${maps}/known`, method: 'PUT', body: deep('[', ']') }, 400, tooDeep),
  row('YAML in brackets', create(yaml, `${map}x: ${deep('[', ']')}`), 400, tooDeep),
  row('YAML in braces', create(yaml, '{'.repeat(1_000_000)), 400, tooDeep),
  row('YAML in dashes', create(yaml, `${map}x:\n  ${'- '.repeat(50_000)}a`), 400, tooDeep),
  row('YAML in questions', create(yaml, '? '.repeat(50_000)), 400, tooDeep),
  row('a merge patch', patch('merge', `{"spec":${deep('[', ']')}}`, `${things}/known`), 400, tooDeep),
  row('a strategic merge patch', patch('strategic', `{"data":${deep('[', ']')}}`), 400, tooDeep),
  row('a JSON patch', patch('json', `[{"op":"add","path":"/data","value":${deep('[', ']')}}]`), 400, tooDeep),
  row('what is applied', patch('apply', `{"data":${deep('[', ']')}}`), 400, tooDeep),
  row(
    'a custom resource',
    { path: things, body: `{"apiVersion":"example.com/v1","kind":"Thing","spec":${deep('[', ']')}}` },
    400,
    tooDeep,
  ),
  row(
    'protobuf',
    {
      path: definitions,
      contentType: protobuf,
      // spec.versions[].schema.openAPIV3Schema, and `not` in `not` in it.
      body: envelope(
        'apiextensions.k8s.io/v1',
        'CustomResourceDefinition',
        nestedField([2, 7, 4, 1, ...Array<number>(100_000).fill(26)]),
      ),
    },
    400,
    tooDeep,
  ),
].map((each) => ({ ...each, what: `too deep: ${each.what}` }))

/** Ten times ten times …: a few hundred bytes that are a billion. */
const laughs = [
  'a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]',
  ...Array.from({ length: 8 }, (_, index) => {
    const items = Array<string>(10).fill(`*a${index}`)
    return `a${index + 1}: &a${index + 1} [${items.join(', ')}]`
  }),
].join('\n')
const longList = `a: &a [${'x,'.repeat(1000)}]\nb: [${'*a,'.repeat(20_000)}]`
const aliasing = 'document contains excessive aliasing'

const grown = (from: string): readonly object[] => [
  { op: 'add', path: from, value: ['x'.repeat(100)] },
  ...Array.from({ length: 40 }, () => ({ op: 'copy', from, path: `${from}/-` })),
]

const growing: readonly Row[] = [
  row('YAML of aliases of aliases', create(yaml, map + laughs), 400, aliasing),
  row('YAML of many aliases', create(yaml, map + longList), 400, aliasing),
  row('YAML of aliases that is applied', patch('apply', map + laughs), 400, aliasing),
  row('YAML of an alias of itself', create(yaml, `${map}x: &a [*a]`), 400, tooDeep),
  row('YAML of merges of itself', create(yaml, `${map}x: &a {<<: *a}`), 400),
  row('YAML that takes for ever', create(yaml, `[${','.repeat(60_000)}`), 400, 'yaml: '),
  row('a JSON patch that copies a copy', patch('json', grown('/spec'), `${things}/known`), 422),
  row(
    'a JSON patch of many steps',
    patch('json', Array(10_001).fill({ op: 'test', path: '/data/a', value: 'b' })),
    413,
    'The allowed maximum operations in a JSON patch is 10000, got 10001',
  ),
  row(
    'a JSON patch of a far index',
    patch('json', [{ op: 'add', path: '/spec/999999999', value: 1 }], `${things}/known`),
    422,
  ),
  row(
    'a pattern of repetitions of repetitions',
    {
      path: definitions,
      body: definition({
        type: 'object',
        properties: { a: { type: 'string', pattern: `${'('.repeat(6)}a${'{1,1000})'.repeat(6)}` } },
      }),
    },
    422,
    'pattern',
  ),
].map((each) => ({ ...each, what: `growing: ${each.what}` }))

const raw = (bytes: readonly number[]): Buffer => envelope('v1', 'ConfigMap', Buffer.from(bytes))

const broken: readonly Row[] = [
  row('protobuf without its prefix', create(protobuf, 'x'), 400, 'expected prefix'),
  row(
    'protobuf that is cut off',
    create(protobuf, raw([0x0a, 0xff, 0xff, 0xff, 0x07])),
    400,
    'unexpected EOF',
  ),
  row('a negative length', create(protobuf, raw([0x0a, ...Array<number>(9).fill(0xff), 0x01])), 400),
  row('a number without end', create(protobuf, raw(Array<number>(20).fill(0xff))), 400, 'integer overflow'),
  row('groups in groups', create(protobuf, raw(Array<number>(20_000).fill(0x7b))), 400),
  row('a field 0', create(protobuf, raw([0, 0])), 400, 'illegal tag 0'),
  row('a name that is no text', create(protobuf, raw([0x0a, 4, 0x0a, 2, 0xff, 0xfe])), 422),
  row('JSON with bytes after it', create(json, `${jsonMap('"data":{}')} {}`), 400),
  row('JSON cut off', create(json, jsonMap('"data":{').slice(0, -1)), 400),
  row(
    'a number for a name',
    create(json, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":1}}'),
    400,
  ),
  row(
    'a YAML alias of nobody',
    create(yaml, `${map}data: *nobody`),
    400,
    "unknown anchor 'nobody' referenced",
  ),
  row('YAML of a language’s type', create(yaml, `${map}data: !!js/function x`), 400),
  row('YAML with a tab', create(yaml, `${map}data:\n\t- x`), 400),
  row('a patch of no known kind', { ...patch('json', []), contentType: json }, 415),
  row('a patch that is no list', patch('json', {}), 400),
  row('a patch of no known step', patch('json', [{ op: 'x', path: '/data' }]), 422),
  row('a patch of a prototype', patch('json', '[{"op":"add","path":"/__proto__/x","value":1}]'), 422),
  row('a patch by a directive', patch('strategic', { $patch: 'x' }), 500, 'unknown patch type'),
].map((each) => ({ ...each, what: `broken: ${each.what}` }))

const to = (path: string, value: unknown): Attempt => patch('json', [{ op: 'replace', path, value }])

/** An object that says it is another. */
const disguised: readonly Row[] = [
  row('another name', to('/metadata/name', 'x'), 400),
  row('another namespace', to('/metadata/namespace', 'kube-system'), 400),
  row('another uid', to('/metadata/uid', 'x'), 422),
  row('another kind', to('/kind', 'Secret'), 422),
  row('another version', to('/apiVersion', 'v2'), 422),
  row('an old resourceVersion', to('/metadata/resourceVersion', '1'), 409),
  row(
    'another namespace in the body',
    create(json, jsonMap('"x":1').replace('"bad"', '"bad","namespace":"default"')),
    400,
  ),
  row(
    'another kind in the body',
    create(json, '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"bad"}}'),
    400,
  ),
  row('another name in an update', { path: `${maps}/known`, method: 'PUT', body: jsonMap('"data":{}') }, 400),
  row(
    'another uid in an update',
    {
      path: `${maps}/known`,
      method: 'PUT',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'known', uid: 'x' } },
    },
    409,
  ),
].map((each) => ({ ...each, what: `disguised: ${each.what}` }))

attempts('bodies that are too large, too deep, growing, broken or disguised', prepare, [
  ...large,
  ...nested,
  ...growing,
  ...broken,
  ...disguised,
])
