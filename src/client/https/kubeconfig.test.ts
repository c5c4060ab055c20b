import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KubeconfigError, loadKubeconfig, parseKubeconfig } from './kubeconfig.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const config = (user: string): string => `
apiVersion: v1
kind: Config
current-context: main
clusters:
- name: c1
  cluster: { server: "https://127.0.0.1:6443", certificate-authority-data: ${base64('CA')} }
- name: c2
  cluster: { server: "https://c2:6443/prefix", insecure-skip-tls-verify: true, tls-server-name: kubernetes }
users:
- name: u1
  user: ${user}
contexts:
- name: main
  context: { cluster: c1, user: u1 }
- name: other
  context: { cluster: c2, user: u1, namespace: shop }
`

test('parseKubeconfig() reads the current context', () => {
  const user = `{ client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')} }`
  expect(parseKubeconfig(config(user), '/')).toEqual({
    server: 'https://127.0.0.1:6443',
    namespace: 'default',
    certificateAuthority: 'CA',
    clientCertificate: 'CERT',
    clientKey: 'KEY',
  })
})

test('parseKubeconfig() reads another context', () => {
  expect(parseKubeconfig(config('{ token: secret }'), '/', 'other')).toEqual({
    server: 'https://c2:6443/prefix',
    namespace: 'shop',
    token: 'secret',
    tlsServerName: 'kubernetes',
    insecureSkipTlsVerify: true,
  })
})

test('loadKubeconfig() reads files beside it, a token anew each time', () => {
  const directory = mkdtempSync(join(tmpdir(), 'timonel-kubeconfig-'))
  writeFileSync(join(directory, 'config'), config('{ tokenFile: token, client-certificate: cert.pem }'))
  writeFileSync(join(directory, 'cert.pem'), 'CERT')
  const { token, clientCertificate } = loadKubeconfig(join(directory, 'config'))
  const read = (text: string) => {
    writeFileSync(join(directory, 'token'), `${text}\n`)
    return typeof token === 'function' ? token() : undefined
  }
  expect([read('one'), read('two')]).toEqual(['one', 'two'])
  expect(clientCertificate).toBe('CERT')
  rmSync(directory, { recursive: true })
})

test.each([
  { what: 'an unknown context', text: config('{}'), context: 'none', message: 'no context "none"' },
  { what: 'exec', text: config('{ exec: { command: x } }'), message: '"exec", which is not supported' },
  { what: 'nothing', text: '', message: 'the kubeconfig is empty' },
  { what: 'no current context', text: 'kind: Config', message: 'no current-context' },
])('parseKubeconfig() refuses $what', ({ text, context, message }) => {
  expect(() => parseKubeconfig(text, '/', context)).toThrow(KubeconfigError)
  expect(() => parseKubeconfig(text, '/', context)).toThrow(message)
})
