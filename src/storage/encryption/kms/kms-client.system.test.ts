import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { expect, test } from 'vitest'
import { connectKms } from './kms-client.ts'

const proto = `syntax = "proto3";
message Any { bytes one = 1; string two = 2; string three = 3; map<string, bytes> more = 4; }
message Encrypted { bytes ciphertext = 1; string keyId = 2; map<string, bytes> annotations = 3; }
`

test('connectKms() speaks to a plugin behind a socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kms-'))
  const types = protobuf.parse(proto).root
  const asked: unknown[] = []
  const called: string[] = []
  const method = (name: string, answer: Uint8Array) => ({
    path: `/v2.KeyManagementService/${name}`,
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: (value: Buffer) => value,
    requestDeserialize: (value: Buffer) => value,
    responseSerialize: (value: Buffer) => value,
    responseDeserialize: (value: Buffer) => value,
    answer: Buffer.from(answer),
  })
  const any = types.lookupType('Any')
  const encrypted = types.lookupType('Encrypted')
  const methods = {
    Status: method('Status', any.encode({ one: Buffer.from('v2'), two: 'ok', three: 'k1' }).finish()),
    Encrypt: method(
      'Encrypt',
      encrypted
        .encode({ ciphertext: Buffer.from('box'), keyId: 'k1', annotations: { 'a.b': Buffer.from('c') } })
        .finish(),
    ),
    Decrypt: method('Decrypt', any.encode({ one: Buffer.from('plain') }).finish()),
  }
  const server = new Server()
  server.addService(
    methods,
    Object.fromEntries(
      Object.entries(methods).map(([name, { answer }]) => [
        name,
        (call: { request: Buffer }, callback: (error: null, value: Buffer) => void) => {
          asked.push(name === 'Decrypt' ? any.toObject(any.decode(call.request)) : name)
          callback(null, answer)
        },
      ]),
    ),
  )
  const socket = join(folder, 'kms.sock')
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  const client = connectKms(`unix://${socket}`, 3000, (method) => called.push(method))
  try {
    expect(await client.status()).toEqual({ version: 'v2', healthz: 'ok', keyId: 'k1' })
    const box = await client.encrypt('uid', new Uint8Array([1]))
    expect(box).toEqual({
      ciphertext: new Uint8Array(Buffer.from('box')),
      keyId: 'k1',
      annotations: { 'a.b': new Uint8Array(Buffer.from('c')) },
    })
    expect(await client.decrypt('uid', box)).toEqual(new Uint8Array(Buffer.from('plain')))
    expect(asked).toEqual([
      'Status',
      'Encrypt',
      { one: Buffer.from('box'), two: 'uid', three: 'k1', more: { 'a.b': Buffer.from('c') } },
    ])
    expect(called).toEqual(
      ['Status', 'Encrypt', 'Decrypt'].map((method) => `/v2.KeyManagementService/${method}`),
    )
  } finally {
    client.close()
    server.forceShutdown()
    rmSync(folder, { recursive: true })
  }
})
