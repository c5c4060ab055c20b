import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, type Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterEach, expect, test, vi } from 'vitest'
// Only a test may look across: certificates are the composition root's.
import { createAuthority, generateKey, issueCertificate } from '../../cluster/pki/certificate.ts'
import type { BackendAddress } from '../connect/backend.ts'
import { readText } from '../connect/backend-error.ts'
import { NodeBackendConnector } from './backend-connector.ts'

const connector = new NodeBackendConnector({})
const stops: (() => void)[] = [() => connector.close()]
afterEach(() => {
  vi.restoreAllMocks()
  for (const stop of stops.splice(0)) stop()
})

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function serve(handle: RequestListener): Promise<BackendAddress> {
  return { scheme: 'http', host: '127.0.0.1', port: await listen(createServer(handle)), trust: 'none' }
}

const post = (address: BackendAddress, target = '/') =>
  connector.request({
    address,
    method: 'POST',
    target,
    headers: [['content-length', '1']],
    body: new Uint8Array(1),
    signal: new AbortController().signal,
  })

test('request() sends nothing a second time that has an answer, should that break off', async () => {
  const seen: (string | undefined)[] = []
  const address = await serve(({ url, socket }, response) => {
    seen.push(url)
    if (url === '/first') response.end('done')
    else response.write('beg', () => socket.resetAndDestroy())
  })
  expect(await readText((await post(address, '/first')).body)).toBe('done')
  const broken = await post(address, '/second')
  await expect(readText(broken.body)).rejects.toThrow('aborted')
  await post(address, '/third')
  expect(seen).toEqual(['/first', '/second', '/third'])
})

test('request() bounds the time of the connection’s establishment, not that of the answer', async () => {
  const setTimeout = vi.spyOn(Socket.prototype, 'setTimeout')
  const idleLimits: (number | undefined)[] = []
  const address = await serve((_request, response) => {
    const limits = setTimeout.mock.contexts.flatMap((socket) =>
      socket instanceof Socket && socket.remotePort === address.port ? [socket.timeout] : [],
    )
    idleLimits.push(limits.at(-1))
    response.end()
  })
  for (let count = 0; count < 2; count++) await readText((await post(address)).body)
  expect(idleLimits).toEqual([0, 0])
})

test('request() goes on for a server whose connections are no longer kept', async () => {
  const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
  const own = createAuthority(generateKey(), { subject: { commonName: 'backend' }, ...life })
  let answer = (): void => {}
  const server = createTlsServer({ cert: own.certificatePem, key: own.keyPem }, ({ url }, response) => {
    if (url === '/slow') answer = () => response.end('at last')
    else response.end()
  })
  const port = await listen(server)
  const addressOf = (serverName: string): BackendAddress => ({
    scheme: 'https',
    host: '127.0.0.1',
    port,
    trust: { serverName, authorityPem: undefined, verify: false, client: 'none' },
  })
  const slow = post(addressOf('slow'), '/slow')
  slow.catch(() => {})
  for (let index = 0; index < 64; index++) await readText((await post(addressOf(`s${index}`))).body)
  answer()
  expect(await readText((await slow).body)).toBe('at last')
})

test('show() has other certificates for connections that come from now on', async () => {
  const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
  const authority = createAuthority(generateKey(), { subject: { commonName: 'authority' }, ...life })
  const issue = (commonName: string, usage: 'client' | 'server') =>
    issueCertificate(authority, { subject: { commonName }, usages: [usage], names: ['127.0.0.1'], ...life })
  const own = issue('kubelet', 'server')
  const port = await listen(
    createTlsServer(
      { cert: own.certificatePem, key: own.keyPem, ca: authority.certificatePem, requestCert: true },
      ({ socket }, response) =>
        response.end(socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : ''),
    ),
  )
  const kubeletAuthorityPem = authority.certificatePem
  const shown = new NodeBackendConnector({ ...issue('before', 'client'), kubeletAuthorityPem })
  stops.push(() => shown.close())
  const ask = async (): Promise<string> => {
    const { body } = await shown.request({
      address: { scheme: 'https', host: '127.0.0.1', port, trust: 'kubelet' },
      ...{ method: 'GET', target: '/', headers: [], signal: new AbortController().signal },
    })
    return readText(body)
  }
  expect(await ask()).toBe('before')
  shown.show({ ...issue('after', 'client'), frontProxy: undefined })
  expect(await ask()).toBe('after')
})
