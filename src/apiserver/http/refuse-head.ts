import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

const hostLength = 'host'.length

/** How long a client that goes on sending is still listened to; Go's. */
const lingerMs = 500

/** The system would break a connection with unread bytes in it, and the client might never see what it was told. */
function linger(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', () => socket.destroy())
  // The first listener takes the bytes away from Node's parser, which then must not get them as its own listener.
  socket.on('data', () => {})
  socket.removeAllListeners('data')
  socket.resume()
}

/** Tells an HTTP/1.1 client what is wrong with a head that cannot be read, in Go's words, and lets it go. */
export function refuseHead(error: Pick<NodeJS.ErrnoException, 'code'>, socket: Duplex): void {
  // It has gone itself, or its last request is being answered.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = statuses[error.code ?? ''] ?? 400
  const text = `${status} ${STATUS_CODES[status]}`
  linger(socket)
  socket.end(
    `HTTP/1.1 ${text}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${text}`,
  )
}

/** Refuses a head with two Host headers, which Node takes: somebody in between may have believed the other one. Tells whether it has. */
export function refusesHosts({ rawHeaders, socket }: IncomingMessage): boolean {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length === hostLength && name.toLowerCase() === 'host') hosts++
  }
  if (hosts < 2) return false
  refuseHead({}, socket)
  return true
}
