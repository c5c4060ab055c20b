import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Definition } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { encodeBase64 } from '../../base/base64.ts'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { BackendConnector, BackendRequest } from '../connect/backend.ts'
import { ConversionMetrics } from './conversion-metrics.ts'
import {
  type CustomServer,
  noxu,
  noxuDefinition,
  noxusPath,
  parsed,
  startCustomServer,
} from './testing/custom-server.ts'
import { webhookConverter } from './webhook-converter.ts'

type Spec = Readonly<Record<string, string | undefined>>

/** `{ hostPort }` in v1, `{ host, port }` in v2. */
function convertOne({ spec = {}, ...rest }: KubernetesObject & { spec?: Spec }, apiVersion: string) {
  const [host, port] = (spec['hostPort'] ?? '').split(':')
  const next = apiVersion.endsWith('v1') ? { hostPort: `${spec['host']}:${spec['port']}` } : { host, port }
  return { ...rest, apiVersion, spec: next }
}

const text = { type: 'string' }
const schemaOf = (properties: object): object => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
})
const versions = [
  { name: 'v1', served: true, storage: true, schema: schemaOf({ hostPort: text }) },
  { name: 'v2', served: true, storage: false, schema: schemaOf({ host: text, port: text }) },
]
const webhook = {
  clientConfig: { service: { namespace: 'default', name: 'convert', path: '/convert' } },
  conversionReviewVersions: ['v1'],
}
const definition = noxuDefinition({}, {}, { versions, conversion: { strategy: 'Webhook', webhook } })
const v2Path = noxusPath.replace('/v1/', '/v2/')

const ownersOf = (object: Record<string, unknown>): readonly string[] => {
  const { managedFields = [] } = object['metadata'] as KubernetesObject['metadata'] & object
  return managedFields.map(({ manager, apiVersion }) => `${manager} ${apiVersion?.split('/')[1]}`).sort()
}

describe('an object that a webhook converts', () => {
  let server: CustomServer
  /** How many objects each call had. */
  let calls: number[]
  let broken: string

  beforeEach(async () => {
    calls = []
    broken = ''
    const convert = async (objects: readonly KubernetesObject[], apiVersion: string) => {
      calls.push(objects.length)
      if (objects.some(({ metadata }) => metadata?.name === broken)) throw statusError('', 'cannot convert')
      return objects.map((object) => convertOne(object, apiVersion))
    }
    server = await startCustomServer({ converter: () => convert })
    await server.define(definition)
  })
  afterEach(() => server.stop())

  const create = async (name: string): Promise<string> => {
    const { metadata } = parsed(
      await server.call('POST', noxusPath, noxu(name, { spec: { hostPort: `${name}:1` } })),
    ) as { metadata: { resourceVersion: string } }
    return metadata.resourceVersion
  }

  it('is converted alone when it is read by its name', async () => {
    for (const name of ['a', 'b', 'c']) await create(name)
    expect(await server.get(`${v2Path}/b`)).toMatchObject({ spec: { host: 'b', port: '1' } })
    expect(await server.get(`${v2Path}/b`)).toMatchObject({ spec: { host: 'b' } })
    expect(calls).toEqual([1])
    expect((await server.call('GET', `${v2Path}/d`)).status).toBe(404)
  })

  it('does not suffer from others that cannot be converted', async () => {
    for (const name of ['a', 'b']) await create(name)
    broken = 'a'
    expect((await server.call('GET', `${v2Path}/b`)).status).toBe(200)
    expect((await server.call('GET', v2Path)).status).toBe(500)
    broken = ''
    expect((await server.get(v2Path))['items']).toHaveLength(2)
  })

  it('is watched from a revision before anybody asked for its version', async () => {
    await create('a')
    const revision = await create('b')
    await create('c')
    expect((await server.get(v2Path))['items']).toHaveLength(3)
    await server.call('DELETE', `${noxusPath}/b`)
    const watch = await server.watch(`${v2Path}?watch=true&resourceVersion=${Number(revision) - 1}`)
    const events = await watch.until(3)
    expect(events.map(({ type, object }) => [type, object['spec']])).toEqual([
      ['ADDED', { host: 'b', port: '1' }],
      ['ADDED', { host: 'c', port: '1' }],
      ['DELETED', { host: 'b', port: '1' }],
    ])
    watch.stop()
  })

  it('is listed page by page as of one revision', async () => {
    for (const name of ['a', 'b', 'c']) await create(name)
    const first = (await server.get(`${v2Path}?limit=1`)) as { metadata: { continue: string } }
    await server.call('DELETE', `${noxusPath}/c`)
    const { items } = (await server.get(`${v2Path}?continue=${first.metadata.continue}`)) as {
      items: readonly { metadata: { name: string }; spec: Spec }[]
    }
    expect(items.map(({ metadata, spec }) => [metadata.name, spec['host']])).toEqual([
      ['b', 'b'],
      ['c', 'c'],
    ])
  })

  it('keeps its managers of all versions, and what they own in theirs', async () => {
    const apply = (path: string, version: string, manager: string, spec: Spec, query = '') =>
      server.call(
        'PATCH',
        `${path}/a?fieldManager=${manager}${query}`,
        { ...noxu('a', { spec }), apiVersion: `mygroup.example.com/${version}` },
        { 'content-type': 'application/apply-patch+yaml' },
      )
    expect((await apply(noxusPath, 'v1', 'one', { hostPort: 'h:1' })).status).toBe(201)
    const conflict = await apply(v2Path, 'v2', 'two', { host: 'i' })
    expect(conflict.status).toBe(409)
    expect(conflict.text).toContain('conflict with \\"one\\": .spec.hostPort')
    expect((await apply(v2Path, 'v2', 'two', { host: 'h', port: '1' })).status).toBe(200)
    expect(ownersOf(await server.get(`${noxusPath}/a`))).toEqual(['one v1', 'two v2'])
    const forced = await apply(noxusPath, 'v1', 'one', { hostPort: 'j:1' }, '&force=true')
    expect(forced.status).toBe(200)
    expect(parsed(forced)).toMatchObject({ spec: { hostPort: 'j:1' } })
    expect(ownersOf(await server.get(`${v2Path}/a`))).toEqual(['one v1', 'two v2'])
  })
})

describe('webhookConverter()', () => {
  const metrics = new PrometheusMetrics()
  const objects = [{ ...noxu('a', { spec: { hostPort: 'h:1' } }) } as KubernetesObject]
  const v2 = 'mygroup.example.com/v2'

  const convert = async (answer: (request: BackendRequest) => readonly [number, unknown], client: object) => {
    const connector: BackendConnector = {
      request: async (request) => {
        const [status, body] = answer(request)
        const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
        return {
          status,
          headers: [],
          body: (async function* () {
            yield bytes
          })(),
        }
      },
      upgrade: () => Promise.reject(new Error('unused')),
    }
    const reader = {
      get: () => undefined,
      labels: () => undefined,
      list: () => [],
      each: () => [],
      listByField: () => [],
      onChange: () => () => {},
      serves: () => false,
    }
    const conversion = { strategy: 'Webhook', webhook: { ...webhook, clientConfig: client } }
    const made = noxuDefinition({}, {}, { versions, conversion }) as Definition
    const options = { host: realHost, reader, connector }
    return webhookConverter(made, options, new ConversionMetrics(metrics))(objects, v2)
  }
  const url = { url: 'https://example.com/convert', caBundle: encodeBase64(new TextEncoder().encode(' \n')) }
  const reviewed = ({ body }: BackendRequest, response: object): readonly [number, unknown] => {
    const { apiVersion, kind, request } = JSON.parse(new TextDecoder().decode(body))
    return [200, { apiVersion, kind, response: { uid: request.uid, ...response } }]
  }
  const done = { status: 'Success' }
  const [object] = objects
  const converted = { ...object, apiVersion: v2 }

  it('asks at the URL with nothing but the review, and keeps metadata as it was', async () => {
    const seen: BackendRequest[] = []
    const annotated = { ...converted.metadata, annotations: { a: 'b' }, finalizers: ['x/y'] }
    const made = await convert((request) => {
      seen.push(request)
      return reviewed(request, { result: done, convertedObjects: [{ ...converted, metadata: annotated }] })
    }, url)
    expect(made).toEqual([{ ...converted, metadata: { ...object?.metadata, annotations: { a: 'b' } } }])
    expect(seen[0]).toMatchObject({
      target: '/convert?timeout=30s',
      address: {
        host: 'example.com',
        port: 443,
        trust: { serverName: 'example.com', authorityPem: undefined, client: 'none' },
      },
    })
  })

  const failed = 'conversion webhook for mygroup.example.com/v1, Kind=WishIHadChosenNoxu'
  it.each<[string, (request: BackendRequest) => readonly [number, unknown]]>([
    ['failed: an error on the server ("no") has prevented the request from succeeding', () => [500, 'no']],
    ['failed: the server could not find the requested resource', () => [404, 'nothing']],
    [
      'failed: no response provided',
      () => [200, { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' }],
    ],
    [
      'failed: not today',
      (request) => reviewed(request, { result: { status: 'Failure', message: 'not today' } }),
    ],
    [
      "failed: response.result.status was '', not 'Success'",
      (request) => reviewed(request, { convertedObjects: [converted] }),
    ],
    ['returned 0 objects, expected 1', (request) => reviewed(request, { result: done })],
    [
      `returned invalid object at index 0: invalid groupVersion (expected ${v2}, received mygroup.example.com/v1)`,
      (request) => reviewed(request, { result: done, convertedObjects: [object] }),
    ],
    [
      'returned invalid object: must have the same name: a != b',
      (request) => {
        const metadata = { ...converted.metadata, name: 'b' }
        return reviewed(request, { result: done, convertedObjects: [{ ...converted, metadata }] })
      },
    ],
  ])('%s', async (why, answer) => {
    await expect(convert(answer, url)).rejects.toThrow(`${failed} ${why}`)
  })

  it('says which Service is not there', async () => {
    await expect(convert(() => [200, {}], webhook.clientConfig)).rejects.toThrow(
      `${failed} failed: Post "https://convert.default.svc:443/convert?timeout=30s": service "convert" not found`,
    )
  })

  it('counts', () => {
    expect(metrics.expose()).toContain(
      'apiserver_conversion_webhook_request_total{result="failure",failure_type="conversion_webhook_partial_response_failure"} 1',
    )
    expect(metrics.expose()).toContain(
      'apiserver_crd_conversion_webhook_duration_seconds_count{crd_name="noxus.mygroup.example.com",from_version="v1",to_version="v2",succeeded="true"} 1',
    )
  })
})
