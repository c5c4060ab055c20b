import { describe, expect, it } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { AdmissionChain } from '../admission-chain.ts'
import type { SubresourceEndpoint } from '../endpoint.ts'
import type { RequestInfo } from '../request.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { everythingAllowed } from '../testing/test-server.ts'
import type { BackendRequest, BackendResponse } from './backend.ts'
import { connectEndpoints } from './connect-endpoints.ts'

const reader = new FakeReader()
reader.put('nodes', {
  metadata: { name: 'n1' },
  ...{
    status: {
      addresses: [
        { type: 'Hostname', address: 'n1' },
        { type: 'InternalIP', address: '192.0.2.9' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10260 } },
    },
  },
})
const pod = (name: string, spec: object, podIP = '10.244.0.5'): void =>
  reader.put('pods', {
    metadata: { namespace: 'ns', name },
    ...{ spec, status: { podIP, podIPs: [{ ip: podIP }] } },
  })
pod('one', { nodeName: 'n1', containers: [{ name: 'c', ports: [{ containerPort: 8080 }] }] })
pod('two', { nodeName: 'n1', containers: [{ name: 'c' }, { name: 'd' }], initContainers: [{ name: 'i' }] })
pod('new', { containers: [{ name: 'c' }] })
pod('evil', { nodeName: 'n1', containers: [{ name: 'c' }] }, '127.0.0.1')
reader.put('services', {
  metadata: { namespace: 'ns', name: 'svc' },
  ...{ spec: { ports: [{ name: 'web', port: 80 }] } },
})
reader.put('endpoints', {
  metadata: { namespace: 'ns', name: 'svc' },
  ...{
    subsets: [
      {
        addresses: [{ ip: '10.244.0.5', targetRef: { kind: 'Pod', namespace: 'ns', name: 'one' } }],
        ports: [{ name: 'web', port: 8080 }],
      },
    ],
  },
})

const encoder = new TextEncoder()
const asked: BackendRequest[] = []
let answer: Pick<BackendResponse, 'status' | 'headers'> & { readonly text: string } = {
  status: 200,
  headers: [],
  text: 'hello',
}

const endpoints = connectEndpoints({
  host: realHost,
  reader,
  admission: new AdmissionChain([]),
  authorizer: everythingAllowed,
  connector: {
    request: async (request) => {
      asked.push(request)
      const { status, headers, text } = answer
      return {
        status,
        headers,
        body: (async function* () {
          yield encoder.encode(text)
        })(),
      }
    },
    upgrade: async (request) => {
      asked.push(request)
      throw new Error('no route to host')
    },
  },
  acceptMultiplexed: () => {
    throw new Error('not in this test')
  },
})

const call = async (
  path: string,
  headers = {},
  method = 'GET',
): Promise<{ status: number; text: string; headers: object }> => {
  const request = fakeRequest({ method, target: path, headers, body: undefined })
  const [, , , kind, ...rest] = request.path.split('/')
  const [namespace, parts] =
    kind === 'namespaces' ? [rest[0] ?? '', rest.slice(1)] : ['', [kind ?? '', ...rest]]
  const info: RequestInfo = {
    ...request.info,
    isResourceRequest: true,
    path: request.path,
    verb: 'create',
    namespace,
    resource: parts[0] ?? '',
    name: parts[1] ?? '',
    subresource: parts[2] ?? '',
    parts: parts.filter((part) => part !== ''),
  }
  request.info = info
  const endpoint = endpoints.find(
    (one: SubresourceEndpoint) => one.resource === info.resource && one.subresource === info.subresource,
  )
  const body = {
    ...request,
    source: {
      ...request.source,
      readBody: async () => ({ type: 'bytes' as const, bytes: new Uint8Array() }),
    },
  }
  const declaration = testKinds.find(({ resource }) => resource === 'pods')
  if (declaration === undefined) throw new Error('there are pods among the kinds of tests')
  const response = await endpoint?.handle(Object.assign(request, body), declaration)
  if (response?.type === 'bytes') {
    return {
      status: response.status,
      text: response.chunks.map((chunk) => new TextDecoder().decode(chunk)).join(''),
      headers: response.headers ?? {},
    }
  }
  if (response?.type !== 'stream') throw new Error(response?.type)
  const text = await new Promise<string>((resolve) => {
    let all = ''
    response.start({
      write: (bytes) => {
        all += new TextDecoder().decode(bytes)
        return true
      },
      bufferedBytes: 0,
      onDrain: () => {},
      onClose: () => {},
      end: () => resolve(all),
      destroy: () => resolve('broken'),
    })
  })
  return { status: response.status, text, headers: response.headers ?? {} }
}

const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io' }
const base = '/api/v1/namespaces/ns/pods'

describe('connectEndpoints()', () => {
  it('asks the kubelet for logs', async () => {
    answer = { status: 200, headers: [], text: 'line\n' }
    expect((await call(`${base}/one/log?follow=true&tailLines=5&sinceSeconds=9`)).text).toBe('line\n')
    expect(asked.at(-1)).toMatchObject({
      address: { scheme: 'https', host: '192.0.2.9', port: 10260, trust: 'kubelet' },
      target: '/containerLogs/ns/one/c?follow=true&sinceSeconds=9&tailLines=5&stream=All',
    })
    await call(`${base}/two/log?container=i&insecureSkipTLSVerifyBackend=true`)
    expect(asked.at(-1)).toMatchObject({
      address: { trust: 'kubelet-unverified' },
      target: '/containerLogs/ns/two/i?stream=All',
    })
    expect((await call(`${base}/new/log`)).text).toBe('')
  })

  it.each([
    [`${base}/gone/log`, 'pods "gone" not found'],
    [`${base}/two/log`, 'a container name must be specified for pod two, choose one of: [i c d]'],
    [`${base}/one/log?container=x`, 'container x is not valid for pod one'],
    [
      `${base}/one/log?limitBytes=0`,
      'PodLogOptions "one" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
    ],
    [`${base}/one/exec?command=ls`, 'Upgrade request required'],
    [`${base}/new/exec?command=ls`, 'pod new does not have a host assigned'],
    [`${base}/evil/proxy/`, 'address not allowed'],
    [`${base}/a:b:c/proxy/`, 'invalid pod request "a:b:c"'],
    ['/api/v1/namespaces/ns/services/svc:81/proxy/', 'no service port 81 found for service "svc"'],
    ['/api/v1/namespaces/ns/services/svc:other/proxy/', 'no endpoints available for service "svc:other"'],
    ['/api/v1/nodes/n2/proxy/', 'nodes "n2" not found'],
  ])('refuses %s', async (path, message) => {
    await expect(call(path)).rejects.toThrow(message)
  })

  it('says what a kubelet refused', async () => {
    answer = { status: 400, headers: [], text: 'container "c" in pod "one" is waiting to start: no logs yet' }
    await expect(call(`${base}/one/log`)).rejects.toMatchObject({ code: 400, message: answer.text })
    answer = {
      status: 500,
      headers: [],
      text: JSON.stringify({ kind: 'Status', message: 'Internal error occurred: x' }),
    }
    await expect(call(`${base}/one/log`)).rejects.toThrow('Internal error occurred: x')
  })

  it('asks the kubelet to run a command', async () => {
    await expect(
      call(`${base}/one/exec?command=ls&command=-l&stdin=true&tty=true&stderr=false`, upgrade),
    ).rejects.toThrow('no route to host')
    expect(asked.at(-1)?.target).toBe('/exec/ns/one/c?input=1&output=1&tty=1&command=ls&command=-l')
    await expect(call(`${base}/one/attach`, upgrade)).rejects.toThrow('no route to host')
    expect(asked.at(-1)?.target).toBe('/attach/ns/one/c?output=1&error=1')
  })

  it('tells a client of SPDY that there is no command before it has left HTTP', async () => {
    const spdy = {
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': 'v4.channel.k8s.io',
    }
    await expect(call(`${base}/one/exec?command=ls`, spdy)).rejects.toThrow('no route to host')
  })

  it('proxies to pods, services and nodes', async () => {
    answer = {
      status: 201,
      headers: [
        ['Content-Type', 'text/plain'],
        ['X-Own', '1'],
        ['Connection', 'close'],
      ],
      text: 'hi',
    }
    const proxied = await call(`${base}/one/proxy/a/b%20c/?x=1&flag`, {
      authorization: 'secret',
      accept: 'text/plain',
      connection: 'keep-alive, X-One-Hop',
      'keep-alive': 'timeout=5',
      'x-one-hop': 'x',
      te: 'trailers',
      'proxy-authorization': 'secret',
      'impersonate-user': 'admin',
      'x-remote-user': 'admin',
      'x-remote-extra-scopes': 'all',
      'x-forwarded-uri': '/elsewhere',
      'x-forwarded-host': 'elsewhere',
      'x-forwarded-proto': 'http',
    })
    expect(proxied).toMatchObject({ status: 201, text: 'hi', headers: { 'x-own': '1' } })
    expect(asked.at(-1)).toMatchObject({
      address: { scheme: 'http', host: '10.244.0.5', port: 8080, trust: 'none' },
      target: '/a/b%2520c/?x=1&flag',
    })
    expect(asked.at(-1)?.headers.map(([name]) => name)).toEqual([
      'host',
      'accept',
      'x-forwarded-for',
      'x-forwarded-uri',
      'x-forwarded-proto',
    ])
    await call('/api/v1/namespaces/ns/services/https:svc:web/proxy/')
    expect(asked.at(-1)).toMatchObject({ address: { scheme: 'https', host: '10.244.0.5', port: 8080 } })
    await call('/api/v1/nodes/n1:10260/proxy/pods')
    expect(asked.at(-1)).toMatchObject({ address: { port: 10260, trust: 'kubelet' }, target: '/pods' })
    expect(await call(`${base}/one/proxy`)).toMatchObject({
      status: 301,
      headers: { location: `${base}/one/proxy/` },
    })
  })

  it('sends those who do not read a page straight to the root', async () => {
    answer = { status: 200, headers: [['Content-Type', 'text/plain']], text: 'done' }
    expect(await call(`${base}/one/proxy?x=1`, {}, 'DELETE')).toMatchObject({ status: 200, text: 'done' })
    expect(asked.at(-1)).toMatchObject({ method: 'DELETE', target: '/?x=1' })
  })

  it('leads links and redirects back through the proxy', async () => {
    answer = {
      status: 302,
      headers: [
        ['Content-Type', 'text/html'],
        ['Location', '/login'],
      ],
      text: '<a href="/x">x</a>',
    }
    const proxied = await call(`${base}/one/proxy/`)
    expect(proxied).toMatchObject({
      text: `<a href="${base}/one/proxy/x">x</a>`,
      headers: { location: `${base}/one/proxy/login` },
    })
  })
})
