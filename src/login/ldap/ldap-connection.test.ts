import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { DirectoryError } from '../person.ts'
import { withConnection } from './ldap-connection.ts'
import { LdapDirectory } from './ldap-directory.ts'
import type { LdapSettings } from './ldap-settings.ts'

const server = createServer()
afterEach(() => {
  server.removeAllListeners('connection').close()
})

/** Of a server that does so with its connections. */
async function serve(onConnection: (socket: Socket) => void): Promise<LdapSettings> {
  server.on('connection', (socket) => onConnection(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const users = { baseDn: 'dc=test', filter: '(uid={username})', usernameAttribute: 'uid', idAttribute: 'id' }
  return {
    ...{ name: 'test', title: 'Test', host: '127.0.0.1', security: 'none', timeoutMs: 1_000 },
    port: typeof address === 'object' && address !== null ? address.port : 0,
    users: { ...users, nameAttribute: 'cn', emailAttribute: 'mail' },
  }
}

test.each(['end', 'resetAndDestroy'] as const)('withConnection() rejects after %s', async (leave) => {
  const settings = await serve((socket) => void socket[leave]())
  const asked = withConnection(settings, async (connection) => {
    // Whatever else has to be read before.
    await new Promise((resolve) => setTimeout(resolve, 50))
    return connection.bind('cn=anna', 'a secret')
  })
  await expect(asked).rejects.toThrow(DirectoryError)
})

test('authenticate() asks as much for a name that is unknown as for one that is known', async () => {
  const [bind, search] = [0x60, 0x63]
  const asked: number[] = []
  const settings = await serve((socket) => {
    socket.on('data', ([, , , , id = 0, operation = 0]) => {
      if (operation !== bind && operation !== search) return
      asked.push(operation)
      // Success, and with a search nothing found: the answers' tags come after the questions'.
      const answer = operation === bind ? bind + 1 : search + 2
      socket.write(Buffer.from([0x30, 0x0c, 0x02, 0x01, id, answer, 0x07, 0x0a, 1, 0, 0x04, 0, 0x04, 0]))
    })
  })
  expect(await new LdapDirectory(settings).authenticate('nobody', 'a secret')).toBeUndefined()
  expect(asked).toEqual([search, bind])
})
