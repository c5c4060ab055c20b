import { expect, test } from 'vitest'
import { protobufPacks } from '../../api/generated/protobuf.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import { startTestServer } from '../testing/test-server.ts'

const codec = new ProtobufCodec(protobufPacks, builtInSchemas)
const accept = 'application/vnd.kubernetes.protobuf'
const maps = '/api/v1/namespaces/a/configmaps'

test('protobuf says what JSON says: objects, lists, metadata and events', async () => {
  const server = await startTestServer()
  for (const name of ['x', 'y'])
    await server.call('POST', maps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: { a: 'b' } },
      data: { k: 'ü' },
    })
  const both = async (path: string, as = '') => {
    const json = await server.call('GET', path, undefined, { accept: `application/json${as}` })
    const binary = await server.call('GET', path, undefined, { accept: `${accept}${as}` })
    return [JSON.parse(json.text), codec.decode(binary.bytes)]
  }
  const [one, oneBinary] = await both(`${maps}/x`)
  expect(oneBinary).toEqual(one)
  const [list, listBinary] = await both(maps)
  expect(listBinary).toEqual(list)
  const [metadata, metadataBinary] = await both(maps, ';as=PartialObjectMetadataList;g=meta.k8s.io;v=v1')
  const items = metadata.items.map(({ metadata }: { metadata: object }) => ({ metadata }))
  expect(metadataBinary).toEqual({ ...metadata, items })
  const watch = await server.watch(`${maps}?watch=1`, { accept })
  const [frame = new Uint8Array()] = watch.chunks
  expect(new DataView(frame.buffer, frame.byteOffset).getUint32(0)).toBe(frame.length - 4)
  watch.stop()
  await server.close()
})

test('protobuf of an object is not what a watch showed of it as it left its selection', async () => {
  const server = await startTestServer()
  const map = (value: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', labels: { a: value } },
  })
  await server.call('POST', maps, map('in'))
  const watch = await server.watch(`${maps}?watch=1&labelSelector=a%3Din`, { accept })
  await server.call('PUT', `${maps}/x`, map('out'))
  expect(watch.chunks).toHaveLength(2)
  const json = await server.call('GET', `${maps}/x`)
  const binary = await server.call('GET', `${maps}/x`, undefined, { accept })
  expect(codec.decode(binary.bytes)).toEqual(JSON.parse(json.text))
  watch.stop()
  await server.close()
})
