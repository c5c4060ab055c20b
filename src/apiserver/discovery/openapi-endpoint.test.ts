import { describe, expect, it } from 'vitest'
import { resources as table } from '../../api/generated/resources.ts'
import { kinds } from '../../api/kinds.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import { realHost } from '../../base/host/real-host.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { OpenApiEndpoint } from './openapi-endpoint.ts'
import { servedResources } from './served-resource.ts'

const options = {
  host: realHost,
  schemas: builtInSchemas,
  docs: () => ({}),
  version: '1.36',
  cbor: false,
}
const endpoint = new OpenApiEndpoint(options)
endpoint.replace(() => servedResources(kinds, table, () => true))

const get = async (target: string, headers = {}) => {
  const response = await endpoint.handle(fakeRequest({ target, headers }))
  if (response.type === 'object') return { status: response.status, body: response.object }
  if (response.type !== 'bytes') throw new Error(response.type)
  const text = response.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')
  return {
    status: response.status,
    body: text.startsWith('{') ? JSON.parse(text) : text,
    headers: response.headers,
  }
}

describe('OpenApiEndpoint', () => {
  it('lists documents with their hashes and serves each for ever', async () => {
    const { body } = await get('/openapi/v3')
    const { paths } = body as { paths: Record<string, { serverRelativeURL: string }> }
    const url = paths['apis/apps/v1']?.serverRelativeURL ?? ''
    expect(url).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{64}$/)
    const document = await get(url)
    expect(document.headers).toMatchObject({ 'cache-control': 'public, immutable' })
    expect(document.body.openapi).toBe('3.0.0')
    expect(document.body.components.schemas['io.k8s.api.apps.v1.Deployment'].type).toBe('object')
    expect((await get(url, { 'if-none-match': document.headers?.etag })).status).toBe(304)
  })

  it.each([
    ['bytes=0-9', 206, '{"openapi"', /^bytes 0-9\/\d+$/],
    ['bytes=99999999-', 416, 'invalid range: failed to overlap\n', /^bytes \*\/\d+$/],
    ['bytes=x', 416, 'invalid range\n', undefined],
  ])('serves %s of a document', async (range, status, body, contentRange) => {
    const target = '/openapi/v3/apis/node.k8s.io/v1'
    const response = await endpoint.handle(fakeRequest({ target, headers: { range } }))
    if (response.type !== 'bytes') throw new Error(response.type)
    expect(response.status).toBe(status)
    expect(new TextDecoder().decode(response.chunks[0])).toBe(body)
    if (contentRange === undefined) expect(response.headers).not.toHaveProperty('content-range')
    else expect(response.headers?.['content-range']).toMatch(contentRange)
  })

  it('serves several ranges as parts', async () => {
    const { body, headers } = await get('/openapi/v3', { range: 'bytes=0-0,2-3' })
    expect(headers).toMatchObject({ 'accept-ranges': 'bytes' })
    const parts = String(body)
      .replace(/[0-9a-f]{60}/g, 'B')
      .replace(/\/\d+/g, '/N')
    const type = 'Content-Type: text/plain; charset=utf-8\r\n\r\n'
    expect(parts).toBe(
      `--B\r\nContent-Range: bytes 0-0/N\r\n${type}{\r\n--B\r\nContent-Range: bytes 2-3/N\r\n${type}pa\r\n--B--\r\n`,
    )
  })

  it('serves the old document', async () => {
    const { body } = await get('/openapi/v2')
    expect(body.swagger).toBe('2.0')
    expect(body.info.version).toBe('1.36')
    expect(Object.keys(body.paths).length).toBeGreaterThan(200)
  })

  it('serves the old document in protobuf, under a name of its own', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
    const response = await endpoint.handle(fakeRequest({ target: '/openapi/v2', headers: { accept } }))
    if (response.type !== 'bytes') throw new Error(response.type)
    expect(response.contentType).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
    // Field 1, `swagger`.
    expect(response.chunks[0]?.subarray(0, 5)).toEqual(Uint8Array.of(0x0a, 3, 0x32, 0x2e, 0x30))
  })

  it('makes a document again that could not be made', async () => {
    let isBroken = true
    const docs = () => {
      if (isBroken) throw new Error('the docs cannot be read')
      return {}
    }
    const other = new OpenApiEndpoint({ ...options, docs })
    other.replace(() => servedResources(kinds, table, () => true))
    const ask = () => other.handle(fakeRequest({ target: '/openapi/v3/apis/apps/v1' }))
    await expect(ask()).rejects.toThrow('the docs cannot be read')
    isBroken = false
    expect(await ask()).toMatchObject({ type: 'bytes', status: 200 })
  })

  it('serves documents of the third version in protobuf, however they are asked for', async () => {
    for (const at of ['.', '@']) {
      const accept = `application/com.github.proto-openapi.spec.v3${at}v1.0+protobuf`
      const target = '/openapi/v3/apis/apps/v1'
      const response = await endpoint.handle(fakeRequest({ target, headers: { accept } }))
      if (response.type !== 'bytes') throw new Error(response.type)
      expect(response.contentType).toBe('application/com.github.proto-openapi.spec.v3.v1.0+protobuf')
      // Field 1, `openapi`.
      expect(response.chunks[0]?.subarray(0, 7)).toEqual(new TextEncoder().encode('\n\x053.0.0'))
    }
  })

  it('sends those who know an older hash to the newer', async () => {
    const answer = await endpoint.handle(fakeRequest({ target: '/openapi/v3/apis/apps/v1?hash=AB' }))
    expect(answer).toMatchObject({
      status: 301,
      headers: { location: expect.stringMatching(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]+$/) },
    })
  })

  it('tells since when a document is as it is, and sends none to who has it', async () => {
    for (const target of ['/openapi/v3', '/openapi/v3/apis/apps/v1', '/openapi/v2']) {
      const { headers = {} } = await get(target)
      const since = headers['last-modified'] ?? ''
      expect(Date.parse(since)).toBeLessThanOrEqual(Date.now())
      expect((await get(target, { 'if-modified-since': since })).status).toBe(304)
      expect((await get(target, { 'if-modified-since': new Date(0).toUTCString() })).status).toBe(200)
      const stale = { 'if-modified-since': since, 'if-none-match': '"other"' }
      expect((await get(target, stale)).status).toBe(200)
    }
  })

  it('knows no other document and no other media type', async () => {
    for (const target of ['/openapi/v3/apis/nothing/v1', '/openapi/v3/'])
      expect(await get(target)).toMatchObject({ status: 404, body: '' })
    for (const target of ['/openapi/v2', '/openapi/v3/apis/apps/v1']) {
      const answer = await endpoint.handle(fakeRequest({ target, headers: { accept: 'text/html' } }))
      expect(answer).toMatchObject({ status: 406, chunks: [] })
    }
  })
})
