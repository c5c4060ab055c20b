import type { TLSSocket } from 'node:tls'
import type { Connection } from '../request.ts'

/** What the handshake found out about a connection. */
export function connectionOf(socket: TLSSocket): Connection {
  const remoteAddress = socket.remoteAddress ?? ''
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return { remoteAddress }
  if (!socket.authorized) return { remoteAddress, certificateError: String(socket.authorizationError) }
  return { remoteAddress, clientCertificate: { der: certificate.raw } }
}

/** Connections by their socket or HTTP/2 session: one object for a connection's life, whatever comes over it. */
export class Connections<K extends object> {
  readonly #known = new WeakMap<K, Connection>()

  of(key: K, socket: () => TLSSocket): Connection {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = connectionOf(socket())
    this.#known.set(key, made)
    return made
  }
}
