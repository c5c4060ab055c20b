import { connect, type Socket } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { DerNode } from '../../base/der.ts'
import type { LdapSettings } from './ldap-settings.ts'

type Place = Pick<LdapSettings, 'host' | 'port' | 'security' | 'certificateAuthority' | 'timeoutMs'>

/** ExtendedRequest 1.3.6.1.4.1.1466.20037 under the message ID 1 (RFC 4511 §4.14). */
const startTlsRequest = Buffer.concat([
  Buffer.from([0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16]),
  Buffer.from('1.3.6.1.4.1.1466.20037'),
])
const extendedResponse = 0x78
/** Of the answer to it. */
const maxAnswerBytes = 4096
/** Of everything that one connection may bring. */
const maxBytes = 16 * 2 ** 20

/** Whether the bytes are a whole answer that agrees. Throws an Error for one that does not, or that has more behind it. */
function agrees(bytes: Uint8Array): boolean {
  const [tag, length = 0x80] = bytes
  const head = length < 0x80 ? 2 : 2 + (length & 0x7f)
  let size = length
  if (length >= 0x80) size = bytes.subarray(2, head).reduce((sum, byte) => sum * 256 + byte, 0)
  if (tag !== 0x30 || bytes.length > maxAnswerBytes || size > maxAnswerBytes)
    throw new Error('what was answered to StartTLS is not LDAP')
  if (bytes.length < head || bytes.length < head + size) return false
  // What comes in clear behind it is not the server's: it would be read as if it had come over TLS.
  if (bytes.length > head + size) throw new Error('there is more than the answer to StartTLS')
  const [, operation] = DerNode.read(bytes).children
  const code = operation?.tag === extendedResponse ? operation.children[0]?.contents[0] : undefined
  if (code !== 0) throw new Error(`StartTLS was refused (${code ?? 'no result'})`)
  return true
}

async function startTls(socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let bytes: Uint8Array = new Uint8Array(0)
    socket.once('error', reject)
    socket.once('end', () => reject(new Error('the server hung up at StartTLS')))
    socket.on('data', (chunk) => {
      try {
        bytes = Buffer.concat([bytes, chunk])
        if (!agrees(bytes)) return
        socket.pause()
        resolve()
      } catch (error) {
        reject(error)
      }
    })
    socket.write(startTlsRequest)
  })
  for (const event of ['data', 'error', 'end']) socket.removeAllListeners(event)
}

const once = (socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.once(event, () => {
      socket.removeAllListeners('error')
      socket.removeAllListeners('close')
      resolve()
    })
  })

async function overTls(place: Place, socket: Socket): Promise<TLSSocket> {
  const { host, certificateAuthority: ca } = place
  const secure = tlsConnect({ socket, host, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) })
  await once(secure, 'secureConnect')
  return secure
}

/** A connection over which a password may go: of a server that has shown who it is, unless the settings ask for none. */
export async function openSocket(place: Place): Promise<Socket> {
  const { host, port, security, timeoutMs } = place
  const raw = connect({ host, port })
  const timer = setTimeout(() => raw.destroy(new Error('the connection took too long')), timeoutMs)
  try {
    await once(raw, 'connect')
    if (security === 'starttls') await startTls(raw)
    const socket = security === 'none' ? raw : await overTls(place, raw)
    // Until somebody uses it, nobody else listens.
    socket.on('error', () => {})
    let received = 0
    socket.on('data', (chunk: Uint8Array) => {
      received += chunk.length
      if (received > maxBytes) socket.destroy(new Error(`the server sent more than ${maxBytes} bytes`))
    })
    return socket
  } catch (error) {
    raw.on('error', () => {})
    raw.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}
