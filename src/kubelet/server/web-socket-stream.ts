import { type RawData, WebSocket } from 'ws'
import { messageOf } from '../../base/message-of.ts'
import type { PortSession, StreamSession } from '../runtime/runtime.ts'
import { lastWords } from './stream-status.ts'

/** Channels of a command's stream (apimachinery/pkg/util/remotecommand): the first byte of each message. */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Beyond that much unsent data the other side is held back. */
const maxBufferedBytes = 1024 * 1024

const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)

/** Sends one message; the promise is there only while too much waits to be sent. */
function send(socket: WebSocket, first: number, data: Uint8Array): void | Promise<void> {
  if (socket.readyState !== WebSocket.OPEN) return
  const message = Buffer.concat([Buffer.from([first]), data])
  if (socket.bufferedAmount < maxBufferedBytes) socket.send(message)
  else return new Promise((resolve) => socket.send(message, () => resolve()))
}

/** Takes messages in order; while one is being handled the next ones wait in the socket. */
function inOrder(socket: WebSocket, handle: (message: Buffer) => void | Promise<void>): void {
  let turn = Promise.resolve()
  let waiting = 0
  socket.on('message', (data) => {
    waiting++
    socket.pause()
    const step = async (): Promise<void> => {
      // What could not be opened says so at its own end; here it only takes no input.
      await Promise.resolve(handle(bytesOf(data))).catch(() => {})
      waiting--
      if (waiting === 0) socket.resume()
    }
    turn = turn.then(step, step)
  })
}

/** Joins a client's WebSocket to a command: its input, window size and end of input one way, its output the other. */
export function joinCommand(
  socket: WebSocket,
  open: (
    output: (stream: 'stdout' | 'stderr', data: Uint8Array) => void | Promise<void>,
  ) => Promise<StreamSession>,
): void {
  const opened = open((stream, data) => send(socket, channel[stream], data))
  inOrder(socket, async (message) => {
    const session = await opened
    const payload = message.subarray(1)
    switch (message[0]) {
      case channel.stdin:
        return session.writeStdin(payload)
      case channel.resize: {
        const { Width, Height } = JSON.parse(payload.toString()) as { Width?: number; Height?: number }
        return session.resize(Width ?? 0, Height ?? 0)
      }
      case channel.close:
        if (payload[0] === channel.stdin) session.closeStdin()
        return
      default:
        return
    }
  })
  socket.on('error', () => {})
  socket.on('close', () => void opened.then((session) => session.close()).catch(() => {}))
  void opened
    .then((session) => session.done)
    .catch((error: unknown) => ({
      kind: 'failed' as const,
      message: messageOf(error),
    }))
    .then(async (outcome) => {
      const words = lastWords(outcome, socket.protocol.startsWith('v'))
      if (words !== undefined) await send(socket, channel.error, Buffer.from(words))
      socket.close(1000)
    })
}

/** Joins a client's WebSocket to ports of a pod: of each port a channel for data and one for errors, both beginning with the port's number (two bytes, the low one first). */
export function joinPorts(
  socket: WebSocket,
  ports: readonly number[],
  open: (port: number, output: (data: Uint8Array) => void | Promise<void>) => Promise<PortSession>,
): void {
  const sessions = ports.map((port, index) => {
    const preamble = Buffer.from([port & 0xff, port >> 8])
    void send(socket, index * 2, preamble)
    void send(socket, index * 2 + 1, preamble)
    return open(port, (data) => send(socket, index * 2, data))
  })
  inOrder(socket, async (message) => {
    const number = message[0] ?? 0
    // Nothing comes on the channels for errors.
    if (number % 2 === 0) await (await sessions[number / 2])?.write(message.subarray(1))
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    for (const session of sessions) void session.then((it) => it.close()).catch(() => {})
  })
  const ends = sessions.map(async (opened, index) => {
    const failure = await opened.then((session) => session.done).catch(messageOf)
    if (failure !== undefined) await send(socket, index * 2 + 1, Buffer.from(failure))
  })
  void Promise.all(ends).then(() => socket.close(1000))
}
