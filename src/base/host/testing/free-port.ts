import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports of loopback that nobody listens on at the moment, each another. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const addresses = servers.map((server) => server.address())
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return addresses.map((address) => {
    if (address === null || typeof address === 'string') throw new Error('no port')
    return address.port
  })
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('no port')
  return port
}
