import { expect, test } from 'vitest'
import type { ByteSink } from '../../base/byte-sink.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { overWebSocket } from './one-way-web-socket.ts'
import { decodeFrames } from './web-socket-frames.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

async function* source() {
  yield encoder.encode('one')
  yield encoder.encode('two')
}

const requestFor = (protocol: string) =>
  fakeRequest({ target: '/log', headers: protocol === '' ? {} : { 'sec-websocket-protocol': protocol } })

/** What a client that says nothing gets to see. */
async function received(protocol: string): Promise<readonly string[]> {
  const written: Uint8Array[] = []
  const response = overWebSocket(requestFor(protocol), source())
  await new Promise<void>((resolve) => {
    const sink: ByteSink = {
      write: (bytes) => written.push(bytes) > 0,
      bufferedBytes: 0,
      onDrain: () => {},
      onClose: () => {},
      end: () => resolve(),
      destroy: () => resolve(),
    }
    async function* silent(): AsyncGenerator<Uint8Array> {
      await new Promise(() => {})
    }
    response.start({ readable: silent(), sink })
  })
  async function* all() {
    yield* written
  }
  const frames: string[] = []
  for await (const { opcode, payload } of decodeFrames(all()))
    frames.push(`${opcode}:${opcode === 8 ? '' : decoder.decode(payload)}`)
  return frames
}

test('overWebSocket() begins with an empty message and closes at the end', async () => {
  expect(await received('')).toEqual(['2:', '2:one', '2:two', '8:'])
  expect(await received('binary.k8s.io')).toEqual(['2:', '2:one', '2:two', '8:'])
})

test('overWebSocket() speaks base64 to those who want text', async () => {
  expect(await received('base64.binary.k8s.io')).toEqual(['1:', '1:b25l', '1:dHdv', '8:'])
})

test('overWebSocket() answers with the protocol, and refuses others', () => {
  const { headers } = overWebSocket(requestFor('x, binary.k8s.io'), source())
  expect(headers['sec-websocket-protocol']).toBe('binary.k8s.io')
  expect(() => overWebSocket(requestFor('x'), source())).toThrow('unable to upgrade')
})
