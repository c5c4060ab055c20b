import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { type NodeAttributes, nodeAttributes } from './node-attributes.ts'

export interface KubeletUser {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** Who may use an agent's API. */
export interface KubeletAccess {
  /** Who asks where no certificate says it; undefined: nobody that is known. Absent: certificates alone count. */
  authenticate?(request: IncomingMessage): Promise<KubeletUser | undefined>
  authorize(user: KubeletUser, attributes: NodeAttributes): Promise<boolean>
  /** Whether `/healthz` is for everyone. */
  readonly openHealth: boolean
}

/** Why somebody is not let in: the answer's status and its plain text. */
export class AccessError extends Error {
  override readonly name = 'AccessError'
  readonly code: 401 | 403 | 500

  constructor(code: 401 | 403 | 500, message: string) {
    super(message)
    this.code = code
  }
}

/** Throws AccessError for a certificate that none of the server's authorities has signed; undefined: there is none. */
function certificateUser(socket: IncomingMessage['socket']): KubeletUser | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const { subject } = socket.getPeerCertificate()
  if (subject === undefined) return undefined
  if (!socket.authorized) throw new AccessError(401, 'Unauthorized')
  const groups = [subject.O ?? []].flat()
  return { name: [subject.CN].flat()[0] ?? '', groups: [...groups, 'system:authenticated'] }
}

/** Lets a request in, or throws AccessError (upstream's `InstallAuthFilter`). */
export async function admitRequest(access: KubeletAccess, request: IncomingMessage): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'https://node')
  if (access.openHealth && pathname === '/healthz') return
  const user = certificateUser(request.socket) ?? (await access.authenticate?.(request))
  if (user === undefined) throw new AccessError(401, 'Unauthorized')
  const attributes = nodeAttributes(request.method ?? '', pathname)
  const { verb, subresources } = attributes
  const what = `user=${user.name}, verb=${verb}, resource=nodes, subresource`
  let allowed: boolean
  try {
    allowed = await access.authorize(user, attributes)
  } catch {
    throw new AccessError(500, `Authorization error (${what}=${subresources[0]})`)
  }
  if (!allowed) throw new AccessError(403, `Forbidden (${what}(s)=[${subresources.join(' ')}])\n`)
}
