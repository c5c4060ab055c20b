import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import { afterEach, expect, test } from 'vitest'
import {
  contextTag,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
  derSet,
  derTime,
  derUtf8String,
} from '../../base/der.ts'
import { createMetrics } from '../../base/host/metrics.ts'
import { signatureAlgorithm, signDer } from '../../base/host/sign-der.ts'
import { toPem } from '../../base/pem.ts'
import { NodeBackendConnector } from './backend-connector.ts'
import { HttpsCaller } from './https-caller.ts'
import { checkServerName } from './server-certificates.ts'

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }

const shown = (names: string | undefined, commonName = 'other') =>
  ({ subject: { CN: commonName }, subjectaltname: names }) as unknown as Parameters<typeof checkServerName>[1]

test.each<[string, string | undefined, string, string | undefined]>([
  ['a.example', 'DNS:a.example, IP Address:10.0.0.1', '', undefined],
  ['10.0.0.1', 'DNS:a.example, IP Address:10.0.0.1', '', undefined],
  [
    'b.example',
    'DNS:a.example, DNS:c.example',
    '',
    'certificate is valid for a.example, c.example, not b.example',
  ],
  ['10.0.0.2', 'IP Address:10.0.0.1', '', 'certificate is valid for 10.0.0.1, not 10.0.0.2'],
  [
    '10.0.0.2',
    'DNS:a',
    '',
    "cannot validate certificate for 10.0.0.2 because it doesn't contain any IP SANs",
  ],
  ['a', 'IP Address:10.0.0.1', 'a', 'certificate is not valid for any names, but wanted to match a'],
  ['a', undefined, 'a', 'certificate relies on legacy Common Name field, use SANs instead'],
  ['a', undefined, 'b', 'certificate is not valid for any names, but wanted to match a'],
])('checkServerName() judges %s by %s (%s)', (host, names, commonName, complaint) => {
  expect(checkServerName(host, shown(names, commonName))?.message).toBe(complaint && `x509: ${complaint}`)
})

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A server whose certificate has a common name and nothing more. */
async function serve(): Promise<{ readonly url: string; readonly pem: string }> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = derSequence(derSet(derSequence(derObjectIdentifier('2.5.4.3'), derUtf8String('localhost'))))
  const body = derSequence(
    derElement(contextTag(0, true), derInteger(Uint8Array.of(2))),
    derInteger(Uint8Array.of(1)),
    signatureAlgorithm(privateKey),
    ...[name, derSequence(derTime(life.notBeforeMs), derTime(life.notAfterMs)), name],
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  )
  const pem = toPem('CERTIFICATE', signDer(body, privateKey))
  const server = createServer(
    { cert: pem, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) },
    (_, answer) => answer.end('{}'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => server.close())
  const address = server.address()
  return { url: `https://localhost:${typeof address === 'object' ? address?.port : 0}/`, pem }
}

test('CertificateFlaws counts servers without alternative names, refused or believed', async () => {
  const { url, pem } = await serve()
  const metrics = createMetrics()
  const ask = (insecure: boolean): Promise<unknown> => {
    const trust = insecure ? { insecureSkipTlsVerify: true } : { certificateAuthority: pem }
    const caller = new HttpsCaller(trust, metrics)
    stops.push(() => caller.close())
    return caller.call({ method: 'GET', url, signal: new AbortController().signal })
  }
  const count = (): string | undefined =>
    /^apiserver_webhooks_x509_missing_san_total (\d+)$/m.exec(metrics.expose())?.[1]
  await expect(ask(false)).rejects.toThrow(
    'tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead',
  )
  expect(count()).toBe('1')
  await ask(true)
  expect(count()).toBe('2')
})

test('NodeBackendConnector tells who asks of an extension’s certificate without alternative names', async () => {
  const { url, pem } = await serve()
  const connector = new NodeBackendConnector({ metrics: createMetrics() })
  stops.push(() => connector.close())
  const { hostname, port } = new URL(url)
  const flaws: string[] = []
  const trust = { serverName: hostname, authorityPem: pem, verify: true, client: 'none' } as const
  const asked = connector.request({
    address: { scheme: 'https', host: hostname, port: Number(port), trust },
    ...{ method: 'GET', target: '/', headers: [], signal: new AbortController().signal },
    flawed: (flaw) => flaws.push(flaw),
  })
  await expect(asked).rejects.toThrow('certificate relies on legacy Common Name field')
  expect(flaws).toEqual(['missing-san'])
})
