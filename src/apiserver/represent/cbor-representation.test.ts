import { encode } from 'cborg'
import { expect, test } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { decodeCbor } from '../../apimachinery/codec/cbor/decode-cbor.ts'
import { startTestServer } from '../testing/test-server.ts'

const features = featureGates(new Map([['CBORServingAndStorage', true]]))
const accept = 'application/cbor'
const maps = '/api/v1/namespaces/a/configmaps'
const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, binaryData: { k: 'aGVsbG8=' } }

test('CBOR says what JSON says: objects, lists, metadata, errors and events', async () => {
  const server = await startTestServer({ features })
  const headers = { 'content-type': accept, accept }
  const created = await server.call('POST', maps, encode(body), headers)
  expect([created.status, created.contentType]).toEqual([201, accept])
  const both = async (path: string, as = '') => {
    const json = await server.call('GET', path, undefined, { accept: `application/json${as}` })
    const binary = await server.call('GET', path, undefined, { accept: `${accept}${as}` })
    return [JSON.parse(json.text), decodeCbor(binary.bytes).value]
  }
  const partial = (kind: string) => `;as=${kind};g=meta.k8s.io;v=v1`
  for (const [path, as] of [
    [`${maps}/x`, ''],
    [maps, ''],
    [`${maps}/nothing`, ''],
    [`${maps}/x`, partial('PartialObjectMetadata')],
    [maps, partial('PartialObjectMetadataList')],
  ] as const) {
    const [json, cbor] = await both(path, as)
    expect(cbor).toEqual(json)
  }
  const bytes = Buffer.from((await server.call('GET', `${maps}/x`, undefined, { accept })).bytes)
  expect(bytes.includes(Buffer.from([0xd6, 0x45, ...Buffer.from('hello')]))).toBe(true)
  const watch = await server.watch(`${maps}?watch=1`, { accept })
  const [event = new Uint8Array()] = watch.chunks
  expect(decodeCbor(event).value).toEqual({ type: 'ADDED', object: (await both(`${maps}/x`))[0] })
  watch.stop()
  await server.close()
})

test('CBOR is applied, and there are no tables of it', async () => {
  const server = await startTestServer({ features })
  const headers = { 'content-type': 'application/apply-patch+cbor' }
  const path = `${maps}/x?fieldManager=m`
  expect((await server.call('PATCH', path, encode(body), headers)).status).toBe(201)
  const twice = Uint8Array.of(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2)
  expect((await server.call('PATCH', path, twice, headers)).text).toContain('found duplicate map key')
  const table = { accept: `${accept};as=Table;g=meta.k8s.io;v=v1` }
  expect((await server.call('GET', maps, undefined, table)).status).toBe(406)
  await server.close()
})

test('CBOR is unknown where its gate is off', async () => {
  const server = await startTestServer()
  const headers = { 'content-type': accept }
  expect((await server.call('POST', maps, encode(body), headers)).status).toBe(415)
  expect((await server.call('GET', maps, undefined, { accept })).status).toBe(406)
  const applied = { 'content-type': 'application/apply-patch+cbor' }
  expect((await server.call('PATCH', `${maps}/x?fieldManager=m`, encode(body), applied)).status).toBe(415)
  await server.close()
})
