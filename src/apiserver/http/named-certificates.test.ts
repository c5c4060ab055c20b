import { connect } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
// Only a test may look across: certificates are the composition root's.
import { createAuthority, generateKey, issueCertificate } from '../../cluster/pki/certificate.ts'
import { textResponse } from '../response.ts'
import { startHttpServer } from './http-server.ts'
import type { HttpServer } from './http-server-options.ts'
import type { NamedCertificate } from './named-certificates.ts'

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = createAuthority(generateKey(), { subject: { commonName: 'authority' }, ...life })
const issue = (commonName: string, ...names: readonly string[]) =>
  issueCertificate(authority, { subject: { commonName }, usages: ['server'], names, ...life })
const named = (
  commonName: string,
  inIt: readonly string[],
  ...names: readonly string[]
): NamedCertificate => ({
  ...issue(commonName, ...inIt),
  names,
})
const serving = issue('serving', 'kubernetes')

let http: HttpServer
beforeEach(async () => {
  http = await startHttpServer({
    ...{ host: realHost, logger: silentLogger, address: '127.0.0.1', port: 0, ...serving },
    clientAuthorities: { client: authority.certificatePem },
    handler: async ({ source: { connection } }) =>
      textResponse(connection.clientCertificate?.signedBy.join() || 'nobody'),
    named: [
      named('first.com', ['a.first.com', '*.wild.com']),
      named('second.com', ['a.first.com', 'x.wild.com', 'unclaimed.com']),
      named('given', ['reserve.com', 'kubernetes'], 'a.first.com', '*.given.com', '127.0.0.2'),
    ],
  })
})
afterEach(() => http.close(100))

/** The common name of the certificate that a client sees. */
const seen = (servername: string, host = '127.0.0.1'): Promise<string> =>
  new Promise((resolve, reject) => {
    const to = { host, port: http.port, servername, rejectUnauthorized: false }
    const socket = connect({ ...to, ALPNProtocols: ['http/1.1'] }, () => {
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      resolve(String(subject.CN))
    })
    socket.on('error', reject)
  })

test.each([
  ['first.com', 'first.com', 'a common name'],
  ['X.wild.com', 'second.com', 'a name before a wildcard'],
  ['y.wild.com', 'first.com', 'a wildcard'],
  ['y.z.wild.com', 'serving', 'no wildcard for two labels'],
  ['a.first.com', 'given', 'a name that was given before those in certificates'],
  ['b.given.com', 'given', 'a wildcard that was given'],
  ['reserve.com', 'given', 'a certificate that is for it, though other names were given'],
  ['kubernetes', 'serving', 'its own before those'],
  ['', 'serving', 'no name'],
  ['nobody.com', 'serving', 'a name that nobody has'],
])('a client that asks for %j sees the certificate of %s: %s', async (servername, expected) => {
  expect(await seen(servername)).toBe(expected)
})

test('a client that names none sees the certificate of the address that it came to', async () => {
  await http.close(0)
  http = await startHttpServer({
    ...{ host: realHost, logger: silentLogger, address: '0.0.0.0', port: 0, ...serving },
    handler: async () => textResponse('ok'),
    named: [named('given', ['given'], '127.0.0.2')],
  })
  expect(await seen('', '127.0.0.2')).toBe('given')
  expect(await seen('', '127.0.0.3')).toBe('serving')
  expect(await seen('kubernetes', '127.0.0.2')).toBe('serving')
  const answer = await fetchText('127.0.0.2')
  expect(answer).toContain('HTTP/1.1 200 OK')
  expect(answer).toContain('ok')
})

const fetchText = (host: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port: http.port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    const texts: string[] = []
    socket.on('data', (bytes) => texts.push(bytes.toString()))
    socket.on('error', reject)
    socket.on('end', () => resolve(texts.join('')))
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  })

test('certificates that take their place are shown from then on', async () => {
  http.replaceCertificates({ ...serving, named: [named('later', ['given'], 'a.first.com')] })
  expect(await seen('a.first.com')).toBe('later')
  expect(await seen('first.com')).toBe('serving')
})
