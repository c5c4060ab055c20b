import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import type { Logger } from '../base/logger.ts'
import { framed, MessageReader } from './exchange.ts'
import type { Responder } from './responder.ts'

/** A client that says nothing for so long is hung up on (RFC 7766 leaves the time to us). */
const idleMs = 10_000
const mostConnections = 1_000

function listenUdp(address: string, port: number): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: 1 << 20,
      sendBufferSize: 1 << 20,
    })
    socket.once('error', reject)
    socket.bind(port, address, () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

function listenTcp(address: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.maxConnections = mostConnections
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function serveConnection(socket: Socket, responder: Responder): void {
  const reader = new MessageReader()
  socket.setTimeout(idleMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    for (const message of reader.push(chunk)) {
      // Answers may go in another order than questions came; the ids tell.
      void Promise.resolve(responder.answer(message, 'tcp')).then((reply) => {
        if (reply !== undefined && socket.writable) socket.write(framed(reply))
      })
    }
  })
}

export interface Listeners {
  readonly port: number
  close(): Promise<void>
}

/** Port 0: a free one, the same for both protocols. */
export async function listen(
  address: string,
  port: number,
  responder: Responder,
  logger: Logger,
): Promise<Listeners> {
  const udp = await listenUdp(address, port)
  const bound = udp.address().port
  let tcp: Server
  try {
    tcp = await listenTcp(address, bound)
  } catch (error) {
    udp.close()
    throw error
  }
  const connections = new Set<Socket>()
  udp.on('error', (error) => logger.error('the DNS socket failed', { error }))
  udp.on('message', (message, client) => {
    const reply = responder.answer(message, 'udp')
    const send = (bytes: Buffer | undefined): void => {
      if (bytes !== undefined) udp.send(bytes, client.port, client.address, () => {})
    }
    if (reply instanceof Promise) void reply.then(send)
    else send(reply)
  })
  tcp.on('error', (error) => logger.error('the DNS socket failed', { error }))
  tcp.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    serveConnection(socket, responder)
  })
  return {
    port: bound,
    close: async () => {
      for (const socket of connections) socket.destroy()
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ])
    },
  }
}
