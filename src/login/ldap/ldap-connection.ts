import { messageOf } from '../../base/message-of.ts'
import { DirectoryError } from '../person.ts'
import type { LdapSettings } from './ldap-settings.ts'
import { openSocket } from './open-socket.ts'

/** Values by attribute, its name in lower case. */
export interface LdapEntry {
  readonly dn: string
  readonly values: ReadonlyMap<string, readonly (string | Uint8Array)[]>
}

export interface LdapSearch {
  readonly baseDn: string
  readonly filter: string
  readonly attributes: readonly string[]
  /** Of `attributes`, those that are no text. */
  readonly binary: readonly string[]
  /** More than these are an error. */
  readonly maxEntries: number
}

export interface LdapConnection {
  /** False where the server says that the password is not the name's. */
  bind(dn: string, password: string): Promise<boolean>
  search(search: LdapSearch): Promise<readonly LdapEntry[]>
}

const pageSize = 200
/** RFC 4511 §4.1.9 */
const invalidCredentials = 49

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

/** Lends a connection. Rejects with DirectoryError where there is none, or it breaks. */
export async function withConnection<T>(
  settings: LdapSettings,
  work: (connection: LdapConnection) => Promise<T>,
): Promise<T> {
  const { host, port, timeoutMs } = settings
  const fail = (error: unknown): never => {
    if (error instanceof DirectoryError) throw error
    throw new DirectoryError(`LDAP at ${host}:${port}: ${messageOf(error)}`, { cause: error })
  }
  // Loaded here, since hardly any process has a directory.
  const { Client } = await import('ldapts')
  const socket = await openSocket(settings).catch(fail)
  const sockets = [socket]
  const createConnection = (): typeof socket => {
    const only = sockets.pop()
    // It would connect again, in clear and as nobody; and of a server that has gone it would wait to hear for ever.
    if (only?.readyState !== 'open')
      throw new DirectoryError(`LDAP at ${host}:${port}: the connection was lost`)
    return only
  }
  const client = new Client({ url: 'ldap://connected', timeout: timeoutMs, createConnection })
  try {
    return await work({
      bind: async (dn, password) => {
        // Of a name without a password servers make nobody in particular, and agree (RFC 4513 §5.1.2).
        if (dn === '' || password === '') return false
        try {
          await client.bind(dn, password)
          return true
        } catch (error) {
          if (codeOf(error) === invalidCredentials) return false
          throw error
        }
      },
      search: (search) => searchAll(client, search, timeoutMs),
    })
  } catch (error) {
    return fail(error)
  } finally {
    await client.unbind().catch(() => {})
    socket.destroy()
  }
}

type LdapClient = InstanceType<typeof import('ldapts')['Client']>

async function searchAll(
  client: LdapClient,
  { baseDn, filter, attributes, binary, maxEntries }: LdapSearch,
  timeoutMs: number,
): Promise<readonly LdapEntry[]> {
  const entries: LdapEntry[] = []
  const pages = client.searchPaginated(baseDn, {
    ...{ scope: 'sub', derefAliases: 'never', filter, attributes: [...attributes] },
    explicitBufferAttributes: [...binary],
    timeLimit: Math.ceil(timeoutMs / 1000),
    paged: { pageSize },
  })
  for await (const { searchEntries } of pages) {
    for (const { dn, ...found } of searchEntries) {
      const values = Object.entries(found).map(
        ([name, value]) => [name.toLowerCase(), [value].flat()] as const,
      )
      entries.push({ dn, values: new Map(values) })
    }
    if (entries.length > maxEntries)
      throw new DirectoryError(`more than ${maxEntries} entries are below ${baseDn} for ${filter}`)
  }
  return entries
}
