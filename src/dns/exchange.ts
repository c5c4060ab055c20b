import { createSocket } from 'node:dgram'
import { connect, isIP } from 'node:net'
import { headerLength, type Query } from './message.ts'

export interface Upstream {
  readonly address: string
  readonly port: number
}

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:53`. */
export function parseUpstream(text: string): Upstream {
  const match = /^\[(.+)\]:(\d+)$|^([^:]+):(\d+)$/.exec(text)
  if (match === null) return { address: text, port: 53 }
  return { address: match[1] ?? match[3] ?? '', port: Number(match[2] ?? match[4]) }
}

/** Whether `reply` answers what was asked under `id`: strangers may write to our port as well. */
function answers(query: Query, id: number, reply: Buffer): boolean {
  if (reply.length < query.questionEnd || reply.readUInt16BE(0) !== id) return false
  if ((reply.readUInt16BE(2) & 0x8000) === 0) return false
  const question = (bytes: Buffer): string =>
    bytes.toString('latin1', headerLength, query.questionEnd).toLowerCase()
  return question(reply) === question(query.bytes)
}

function withId(query: Query, id: number): Buffer {
  const bytes = Buffer.from(query.bytes)
  bytes.writeUInt16BE(id, 0)
  return bytes
}

/** Asks `upstream` from a port of its own, so that a forged answer has two numbers to guess. */
export function exchangeOverUdp(
  query: Query,
  id: number,
  upstream: Upstream,
  timeoutMs: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(upstream.address.split('%')[0] ?? '') === 6 ? 'udp6' : 'udp4')
    const timer = setTimeout(() => fail(new Error('no answer in time')), timeoutMs)
    let ended = false
    const end = (): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      socket.close()
    }
    const fail = (error: Error): void => {
      end()
      reject(error)
    }
    socket.on('error', fail)
    socket.on('message', (reply) => {
      if (!answers(query, id, reply)) return
      end()
      resolve(reply)
    })
    // Connected, so that only this server's datagrams come in, and its refusal is an error at once.
    socket.connect(upstream.port, upstream.address, (error?: Error) => {
      if (error) fail(error)
      else if (!ended) socket.send(withId(query, id))
    })
  })
}

/** Takes messages with their length in front (RFC 1035, 4.2.2) out of a stream. */
export class MessageReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The messages that are complete with `chunk`. */
  push(chunk: Buffer): readonly Buffer[] {
    const messages: Buffer[] = []
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (rest.length >= 2) {
      const end = rest.readUInt16BE(0) + 2
      if (rest.length < end) break
      messages.push(rest.subarray(2, end))
      rest = rest.subarray(end)
    }
    this.#pending = rest
    return messages
  }
}

/** A message as it goes over a stream. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

export function exchangeOverTcp(
  query: Query,
  id: number,
  upstream: Upstream,
  timeoutMs: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const reader = new MessageReader()
    const socket = connect(upstream.port, upstream.address)
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), timeoutMs)
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new Error('the connection was closed'))
    })
    socket.on('data', (chunk) => {
      for (const reply of reader.push(chunk)) {
        if (!answers(query, id, reply)) continue
        resolve(reply)
        socket.destroy()
        return
      }
    })
    socket.write(framed(withId(query, id)))
  })
}
