import { constants, createDeflate } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { AsyncQueue } from '../../async-queue.ts'
import type { MultiplexedStream } from '../../multiplex.ts'
import { acceptSpdy } from './accept-spdy.ts'
import {
  type ControlFrame,
  controlFrame,
  type DataFrame,
  dataFrame,
  finFlag,
  frameTypes,
  readFrames,
} from './frames.ts'
import { headerDictionary } from './header-dictionary.ts'

/** A client's side: what it sends, and the frames that come back. */
function client() {
  const deflate = createDeflate({ dictionary: headerDictionary, flush: constants.Z_SYNC_FLUSH })
  const sent = new AsyncQueue<Uint8Array>()
  const received = new AsyncQueue<Uint8Array>()
  const compress = (headers: Record<string, string>): Promise<Buffer> => {
    const number = (value: number): Buffer => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes
    }
    const text = (value: string): Buffer =>
      Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)])
    const pairs = Object.entries(headers)
    const block = Buffer.concat([
      number(pairs.length),
      ...pairs.flatMap(([name, value]) => [text(name), text(value)]),
    ])
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      const collect = (chunk: Buffer): number => chunks.push(chunk)
      deflate.on('data', collect)
      deflate.write(block, () =>
        deflate.flush(constants.Z_SYNC_FLUSH, () => {
          deflate.off('data', collect)
          resolve(Buffer.concat(chunks))
        }),
      )
    })
  }
  const connection = acceptSpdy({
    readable: sent,
    sink: {
      write: (bytes) => {
        received.push(bytes)
        return true
      },
      bufferedBytes: 0,
      onDrain: () => {},
      onClose: () => {},
      end: () => received.end(),
      destroy: () => received.end(),
    },
  })
  const frames = readFrames(received)
  return {
    connection,
    send: (bytes: Uint8Array) => sent.push(bytes),
    end: () => sent.end(),
    open: async (id: number, headers: Record<string, string>, flags = 0) => {
      const head = Buffer.alloc(10)
      head.writeUInt32BE(id)
      sent.push(controlFrame(frameTypes.synStream, flags, Buffer.concat([head, await compress(headers)])))
    },
    next: async (): Promise<ControlFrame | DataFrame> => {
      const { value } = await frames.next()
      if (value === undefined) throw new Error('the connection is over')
      return value
    },
  }
}

const read = async (stream: MultiplexedStream | undefined): Promise<string> => {
  let text = ''
  for await (const bytes of stream?.readable ?? []) text += Buffer.from(bytes).toString()
  return text
}

describe('acceptSpdy()', () => {
  it('accepts streams with their headers and carries bytes both ways', async () => {
    const { connection, open, send, next } = client()
    const streams = connection.streams[Symbol.asyncIterator]()
    await open(1, { streamtype: 'data', port: '80', Status: '200 OK' })
    await open(3, { streamtype: 'error', port: '80' }, finFlag)
    const data: MultiplexedStream = (await streams.next()).value
    const error: MultiplexedStream = (await streams.next()).value
    expect(data.headers).toEqual({ streamtype: 'data', port: '80', status: '200 OK' })
    expect(error.headers.streamtype).toBe('error')
    expect(await read(error)).toBe('')
    for (const id of [1, 3]) {
      const reply = await next()
      expect(reply).toMatchObject({ kind: 'control', type: frameTypes.synReply })
      expect(reply.payload.readUInt32BE(0)).toBe(id)
    }
    send(dataFrame(1, 0, Buffer.from('hel')))
    send(dataFrame(1, finFlag, Buffer.from('lo')))
    expect(await read(data)).toBe('hello')
    await data.write(Buffer.from('back'))
    data.end()
    await data.write(Buffer.from('too late'))
    expect(await next()).toMatchObject({ kind: 'data', streamId: 1, flags: 0, payload: Buffer.from('back') })
    expect(await next()).toMatchObject({ kind: 'data', streamId: 1, flags: finFlag })
    connection.close()
  })

  it('answers pings and ends all streams with the connection', async () => {
    const { connection, open, send, next, end } = client()
    const ping = Buffer.from([0, 0, 0, 1])
    send(controlFrame(frameTypes.ping, 0, ping))
    expect(await next()).toMatchObject({ type: frameTypes.ping, payload: ping })
    await open(1, { streamtype: 'stdin' })
    const streams = connection.streams[Symbol.asyncIterator]()
    const stream: MultiplexedStream = (await streams.next()).value
    end()
    expect(await read(stream)).toBe('')
    expect((await streams.next()).done).toBe(true)
  })
})
