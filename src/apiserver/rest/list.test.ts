import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeBase64Url } from '../../base/base64.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

interface Item {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string }
}

let server: TestServer
const pods = '/api/v1/pods'
const inA = '/api/v1/namespaces/a/pods'

const pod = (name: string, labels: object, nodeName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [{ name: 'c', image: 'i' }], ...(nodeName === undefined ? {} : { nodeName }) },
})

beforeAll(async () => {
  server = await startTestServer({ kinds: testKinds })
  for (const namespace of ['a', 'a-b', 'b'])
    for (let index = 0; index < 4; index++)
      await server.call(
        'POST',
        `/api/v1/namespaces/${namespace}/pods`,
        pod(`p${index}`, { even: String(index % 2 === 0), space: namespace }, `n${index % 3}`),
      )
})
afterAll(() => server.close())

async function names(path: string): Promise<readonly string[]> {
  const answer = await server.call('GET', path)
  expect(answer.status, answer.text).toBe(200)
  const list: { readonly items: readonly Item[] } = JSON.parse(answer.text)
  return list.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

const failure = async (path: string) => JSON.parse((await server.call('GET', path)).text)

describe('GET of one', () => {
  test('waits for a version in vain, and says so', async () => {
    const { code, reason, message, details } = await failure(`${inA}/p0?resourceVersion=999999`)
    expect([code, reason]).toEqual([504, 'Timeout'])
    expect(message).toMatch(/^Timeout: Too large resource version: 999999, current: \d+$/)
    expect(details).toEqual({
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    })
  })

  test('refuses a version that is none', async () => {
    expect((await failure(`${inA}/p0?resourceVersion=x`)).message).toContain(
      'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    )
  })
})

describe('LIST', () => {
  test('is of its kind, with items that do not say theirs, at the newest revision', async () => {
    const list = JSON.parse((await server.call('GET', inA)).text)
    expect([list.kind, list.apiVersion]).toEqual(['PodList', 'v1'])
    expect(Object.keys(list.items[0]).slice(0, 1)).toEqual(['metadata'])
    const newest = await server.storage.currentRevision()
    expect(list.metadata).toEqual({ resourceVersion: String(newest) })
  })

  const selections: readonly [string, readonly string[]][] = [
    [`${inA}`, ['a/p0', 'a/p1', 'a/p2', 'a/p3']],
    [`${pods}?labelSelector=even%3Dtrue,space%20in%20(a,b)`, ['a/p0', 'a/p2', 'b/p0', 'b/p2']],
    [`${pods}?fieldSelector=spec.nodeName%3Dn2`, ['a-b/p2', 'a/p2', 'b/p2']],
    [`${pods}?fieldSelector=metadata.name%3Dp1,metadata.namespace!%3Db`, ['a-b/p1', 'a/p1']],
    [`${pods}?fieldSelector=metadata.namespace%3Db&labelSelector=!nothing,even!%3Dtrue`, ['b/p1', 'b/p3']],
    [`${inA}?fieldSelector=metadata.name%3Dp3`, ['a/p3']],
    ['/api/v1/namespaces/none/pods', []],
  ]
  for (const [path, expected] of selections)
    test(`selects by ${path.slice(pods.length - 5)}`, async () => {
      expect(await names(path)).toEqual(expected)
    })

  test('goes on where it stopped, at the revision at which it began', async () => {
    const first = JSON.parse((await server.call('GET', `${inA}?limit=3`)).text)
    expect(first.metadata.remainingItemCount).toBe(1)
    await server.call('POST', inA, pod('p25', {}))
    await server.call('DELETE', `${inA}/p3?gracePeriodSeconds=0`)
    const token = first.metadata.continue
    const second = JSON.parse((await server.call('GET', `${inA}?limit=3&continue=${token}`)).text)
    expect(second.items.map(({ metadata }: Item) => metadata.name)).toEqual(['p3'])
    expect(second.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion })
    expect(await names(inA)).toEqual(['a/p0', 'a/p1', 'a/p2', 'a/p25'])
  })

  test('says how much is left, also when something has changed meanwhile', async () => {
    const first = JSON.parse((await server.call('GET', `${inA}?limit=1`)).text)
    await server.call('POST', '/api/v1/namespaces/b/pods', pod('meanwhile', {}))
    const second = JSON.parse(
      (await server.call('GET', `${inA}?limit=1&continue=${first.metadata.continue}`)).text,
    )
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    expect(second.metadata.remainingItemCount).toBe(first.metadata.remainingItemCount - 1)
    await server.call('DELETE', '/api/v1/namespaces/b/pods/meanwhile?gracePeriodSeconds=0')
  })

  test('with a selector and a limit says that there is more, not how much', async () => {
    const list = JSON.parse((await server.call('GET', `${pods}?limit=1&labelSelector=even`)).text)
    expect(list.items.length).toBe(1)
    expect(list.metadata.continue).toBeDefined()
    expect(list.metadata.remainingItemCount).toBeUndefined()
  })

  test('tells how to go on once its revision is forgotten', async () => {
    const first = JSON.parse((await server.call('GET', `${inA}?limit=1`)).text)
    await server.call('DELETE', `${inA}/p1?gracePeriodSeconds=0`)
    await server.storage.compact(await server.storage.currentRevision())
    const gone = await failure(`${inA}?limit=1&continue=${first.metadata.continue}`)
    expect([gone.code, gone.reason]).toEqual([410, 'Expired'])
    expect(gone.message).toContain('The provided continue parameter is too old to display a consistent list')
    expect(await names(`${inA}?continue=${gone.metadata.continue}`)).toEqual(['a/p2', 'a/p25'])
    const exact = `${inA}?resourceVersionMatch=Exact&resourceVersion=${first.metadata.resourceVersion}`
    expect((await failure(exact)).message).toBe('The resourceVersion for the provided list is too old.')
  })

  test('forgets a revision although nothing of that kind has changed since', async () => {
    const first = JSON.parse((await server.call('GET', `${inA}?limit=1`)).text)
    await server.call('POST', '/api/v1/namespaces', { metadata: { name: 'later' } })
    await server.storage.compact(await server.storage.currentRevision())
    expect((await failure(`${inA}?limit=1&continue=${first.metadata.continue}`)).reason).toBe('Expired')
  })

  test('reads the past exactly', async () => {
    const now = JSON.parse((await server.call('GET', pods)).text)
    await server.call('DELETE', '/api/v1/namespaces/b/pods/p0?gracePeriodSeconds=0')
    const version = now.metadata.resourceVersion
    const past = await names(`${pods}?resourceVersionMatch=Exact&resourceVersion=${version}`)
    expect(past).toEqual(now.items.map(({ metadata }: Item) => `${metadata.namespace}/${metadata.name}`))
    expect(await names(`${pods}?resourceVersionMatch=NotOlderThan&resourceVersion=${version}`)).not.toContain(
      'b/p0',
    )
  })

  const refusals: readonly [string, number, string][] = [
    [
      'resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      422,
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      'resourceVersionMatch=Sometimes&resourceVersion=5',
      422,
      'resourceVersionMatch: Unsupported value: "Sometimes": supported values: "Exact", "NotOlderThan", ""',
    ],
    ['sendInitialEvents=true', 422, 'sendInitialEvents is forbidden for list'],
    ['labelSelector=a%20b', 400, "found 'b', expected: in, notin"],
    ['fieldSelector=spec.none%3Dx', 400, 'field label not supported: spec.none'],
    ['continue=nothing', 400, 'continue key is not valid'],
    ['limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      `continue=${encodeBase64Url(new TextEncoder().encode('{"v":"meta.k8s.io/v1","rv":5,"start":"../x"}'))}`,
      400,
      'invalid continue token: continue key is not valid: ../x',
    ],
  ]
  for (const [query, code, message] of refusals)
    test(`refuses ${query.slice(0, 40)}`, async () => {
      const status = await failure(`${pods}?${query}`)
      expect(status.code).toBe(code)
      expect(status.message).toContain(message)
    })
})

describe('representations', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const get = async (path: string, accept: string) => server.call('GET', path, undefined, { accept })

  test('show tables with metadata, objects or nothing', async () => {
    const plain = JSON.parse((await get(`${inA}?limit=1`, `${table},application/json`)).text)
    expect([plain.kind, plain.apiVersion]).toEqual(['Table', 'meta.k8s.io/v1'])
    expect(
      plain.columnDefinitions.map(({ name, priority }: { name: string; priority: number }) => [
        name,
        priority,
      ]),
    ).toEqual([
      ['Name', 0],
      ['Status', 0],
      ['Age', 0],
      ['Node', 1],
    ])
    expect(plain.metadata.continue).toBeDefined()
    const [row] = plain.rows
    expect(row.cells).toEqual(['p0', '', expect.stringMatching(/^\d+s$/), 'n0'])
    expect(row.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'p0' } })
    const none = JSON.parse((await get(`${inA}?includeObject=None`, table)).text)
    // Its age may have grown by a second.
    expect(none.rows[0]).toEqual({ cells: ['p0', '', expect.stringMatching(/^\d+s$/), 'n0'], object: null })
    const whole = JSON.parse((await get(`${inA}/p0?includeObject=Object`, table)).text)
    expect(whole.rows[0].object).toMatchObject({ kind: 'Pod', spec: { nodeName: 'n0' } })
    expect((await get(`${inA}?includeObject=Some`, table)).status).toBe(400)
  })

  test('show metadata alone', async () => {
    const one = JSON.parse(
      (await get(`${inA}/p0`, 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')).text,
    )
    expect(Object.keys(one)).toEqual(['kind', 'apiVersion', 'metadata'])
    const list = JSON.parse(
      (await get(inA, 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io')).text,
    )
    expect([list.kind, list.items.length]).toEqual(['PartialObjectMetadataList', 3])
    const wrong = await get(inA, 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')
    expect(wrong.status).toBe(406)
  })

  test('are the first that the client accepts', async () => {
    expect((await get(inA, 'text/html, application/yaml;q=0.5, application/json;q=0.4')).contentType).toBe(
      'application/yaml',
    )
    expect((await get(inA, '*/*')).contentType).toBe('application/json')
    expect((await get(inA, 'application/vnd.kubernetes.protobuf')).bytes.slice(0, 4)).toEqual(
      Buffer.from('k8s\0'),
    )
    const none = await get(inA, 'text/html')
    expect(JSON.parse(none.text)).toMatchObject({
      code: 406,
      message:
        '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    })
  })

  test('are indented for people', async () => {
    const pretty = (await server.call('GET', `${inA}?pretty=true`)).text
    const plain = (await server.call('GET', inA)).text
    expect(pretty).toBe(`${JSON.stringify(JSON.parse(plain), null, 2)}\n`)
    const one = await server.call('GET', `${inA}/p0`, undefined, { 'user-agent': 'curl/8' })
    expect(one.text).toContain('\n  "kind": "Pod"')
    const empty = (await server.call('GET', '/api/v1/namespaces/none/pods?pretty=1')).text
    expect(JSON.parse(empty).items).toEqual([])
  })
})
