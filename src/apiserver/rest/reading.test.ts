import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let server: TestServer
const maps = '/api/v1/namespaces/ns/configmaps'
let version = ''

beforeAll(async () => {
  server = await startTestServer()
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const metadata = { name, labels: { even: String('ace'.includes(name)) } }
    await server.call('POST', maps, { metadata })
  }
  version = JSON.parse((await server.call('GET', maps)).text).metadata.resourceVersion
})
afterAll(() => server.close())

/** The names of a list, or what is wrong. */
async function read(path: string): Promise<readonly [number, string]> {
  const { status, text } = await server.call('GET', path.replaceAll('NOW', version))
  if (!text.startsWith('{')) return [status, text]
  const body = JSON.parse(text)
  if (status !== 200) return [status, body.message]
  const { continue: more, remainingItemCount: left } = body.metadata
  const names = (body.items ?? [body]).map((item: { metadata: { name: string } }) => item.metadata.name)
  return [200, names.join('') + (more === undefined ? '' : `+${left ?? '?'}`)]
}

const invalid = 'ListOptions.meta.k8s.io "" is invalid: '
const matchForbidden = `${invalid}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden`
const lists: readonly [query: string, status: number, told: string][] = [
  ['', 200, 'abcde'],
  ['resourceVersion=0', 200, 'abcde'],
  ['resourceVersion=NOW', 200, 'abcde'],
  [
    'resourceVersion=x',
    400,
    'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
  ],
  [
    'resourceVersion=-1&limit=2',
    400,
    'invalid resource version: resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax',
  ],
  ['resourceVersionMatch=Exact', 422, `${matchForbidden} unless resourceVersion is provided`],
  ['resourceVersionMatch=NotOlderThan', 422, `${matchForbidden} unless resourceVersion is provided`],
  [
    'resourceVersionMatch=Some&resourceVersion=1',
    422,
    `${invalid}resourceVersionMatch: Unsupported value: "Some": supported values: "Exact", "NotOlderThan", ""`,
  ],
  [
    'resourceVersionMatch=Exact&resourceVersion=0',
    422,
    `${invalid}resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`,
  ],
  ['resourceVersionMatch=Exact&resourceVersion=NOW&limit=2', 200, 'ab+3'],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=NOW&limit=2', 200, 'ab+3'],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=0&limit=2', 200, 'abcde'],
  ['resourceVersion=NOW&limit=2', 200, 'ab+3'],
  ['limit=2', 200, 'ab+3'],
  ['limit=5', 200, 'abcde'],
  ['limit=2&labelSelector=even=true', 200, 'ac+?'],
  ['limit=2&fieldSelector=metadata.name!=a', 200, 'bc+?'],
  ['limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ['limit=', 400, 'strconv.ParseInt: parsing "": invalid syntax'],
  [
    'continue=abc',
    400,
    "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value",
  ],
  [
    'continue=%25',
    400,
    'invalid continue token: continue key is not valid: illegal base64 data at input byte 0',
  ],
  [
    'continue=e30',
    400,
    'invalid continue token: continue key is not valid: server does not recognize this encoded version ',
  ],
  [
    'sendInitialEvents=true',
    422,
    `${invalid}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`,
  ],
  ['labelSelector=even in (true),even!=false', 200, 'ace'],
  ['labelSelector=!even', 200, ''],
  ['fieldSelector=metadata.name=b', 200, 'b'],
  [
    'fieldSelector=spec.x=1',
    400,
    '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
]

describe('LIST', () => {
  for (const [query, status, told] of lists)
    test(`?${query}`, async () => expect(await read(`${maps}?${query}`)).toEqual([status, told]))

  test('goes on where it stopped, whatever was written meanwhile', async () => {
    const first = JSON.parse((await server.call('GET', `${maps}?limit=2`)).text)
    await server.call('POST', maps, { metadata: { name: 'bb' } })
    expect(await read(`${maps}?limit=2&continue=${first.metadata.continue}`)).toEqual([200, 'cd+1'])
    await server.call('DELETE', `${maps}/bb`)
  })
})

const gets: readonly [path: string, status: number, told: string][] = [
  [`${maps}/a?resourceVersion=0`, 200, 'a'],
  [
    `${maps}/a?resourceVersion=x`,
    500,
    'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
  ],
  [`${maps}/z`, 404, 'configmaps "z" not found'],
  [`${maps}/a/status`, 404, 'the server could not find the requested resource'],
  ['/api/v1/configmaps/a', 404, 'the server could not find the requested resource'],
  ['/api/v1/namespaces/ns/foos', 404, 'the server could not find the requested resource'],
  ['/apis/apps/v9/deployments', 404, 'the server could not find the requested resource'],
  ['/apis/apps/v9', 404, 'the server could not find the requested resource'],
  ['/apis/foo/v1/bars', 404, '404 page not found\n'],
  ['/foo', 404, '404 page not found\n'],
  ['/api/v1/watch/namespaces/ns/pods/x/status', 404, 'the server could not find the requested resource'],
  ['/api/v1/watch/namespaces/ns/bindings', 404, 'the server could not find the requested resource'],
  ['/healthz/', 404, '404 page not found\n'],
  [
    '/api/v1/watch',
    500,
    'Internal Server Error: "/api/v1/watch": failed to create RequestInfo: unable to determine kind and namespace from url, /api/v1/watch\n',
  ],
]

describe('GET', () => {
  for (const [path, status, told] of gets)
    test(path, async () => expect(await read(path)).toEqual([status, told]))
})

const refused: readonly [method: string, path: string][] = [
  ['POST', `${maps}/a`],
  ['PUT', maps],
  ['PATCH', maps],
  ['POST', '/api/v1/configmaps'],
  ['DELETE', '/api/v1/configmaps'],
  ['OPTIONS', maps],
  ['TRACE', maps],
  ['HEAD', `${maps}/a`],
  ['POST', '/api/v1/watch/namespaces/ns/configmaps'],
  ['DELETE', '/apis/apps/v1/namespaces/ns/deployments/d/scale'],
]

test.each(refused)('%s %s is no method of that path', async (method, path) => {
  const { status, text } = await server.call(method, path)
  expect([status, JSON.parse(text)]).toEqual([
    405,
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'the server does not allow this method on the requested resource',
      reason: 'MethodNotAllowed',
      details: {},
      code: 405,
    },
  ])
})

const only = 'only the following media types are accepted: application/json'
const router =
  '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf'
const accepted: readonly [accept: string, what: string][] = [
  ['*/*', 'application/json'],
  ['text/html, */*;q=0.1', 'application/json'],
  ['application/yaml;q=0.5, application/json;q=0.4', 'application/yaml'],
  ['application/vnd.kubernetes.protobuf', 'application/vnd.kubernetes.protobuf'],
  ['application/json; charset=utf-8', 'application/json'],
  ['application/*', router],
  ['text/html', router],
  ['APPLICATION/JSON', router],
  ['application/cbor', router],
  ['application/json;as=Table', `${only}, application/yaml, application/vnd.kubernetes.protobuf`],
  [
    'application/json;as=Foo;g=meta.k8s.io;v=v1',
    `${only}, application/yaml, application/vnd.kubernetes.protobuf`,
  ],
  [
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
  ],
]

test.each(accepted)('Accept: %s', async (accept, what) => {
  const { status, contentType, text } = await server.call('GET', `${maps}/a`, undefined, { accept })
  expect(status === 200 ? contentType : [status, JSON.parse(text).message]).toEqual(
    what.startsWith('application/') ? what : [406, what],
  )
})
