import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readCredentialProviders } from './credential-provider-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'timonel-providers-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = join(folder, 'provider')
writeFileSync(
  program,
  `#!/bin/sh
read request
echo "$request" >"$REQUEST_FILE"
echo '{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Image","auth":{}}'
`,
)
chmodSync(program, 0o755)

function read(provider: string) {
  const file = join(folder, 'config.yaml')
  const head = 'apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n'
  writeFileSync(file, `${head}- ${provider}\n`)
  return readCredentialProviders(file, folder)
}

const good =
  '{name: provider, matchImages: [registry.example], defaultCacheDuration: 1m, apiVersion: credentialprovider.kubelet.k8s.io/v1'

test('readCredentialProviders() makes providers that ask their program', async () => {
  const request = join(folder, 'request')
  const [provider] = read(`${good}, env: [{name: REQUEST_FILE, value: ${request}}]}`)
  expect(provider).toMatchObject({ name: 'provider', defaultCacheMs: 60_000 })
  const answer = await provider?.ask('registry.example/app')
  expect(answer).toMatchObject({ cacheKeyType: 'Image', auth: {} })
  expect(JSON.parse(readFileSync(request, 'utf8'))).toEqual({
    kind: 'CredentialProviderRequest',
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    image: 'registry.example/app',
  })
})

test.each([
  ['{name: a/b}', "provider name cannot contain '/'"],
  ['{name: provider}', 'providers.apiVersion: Required value'],
  [`${good}, tokenAttributes: {}}`, 'providers.tokenAttributes: Forbidden'],
  [good.replace('name: provider', 'name: none').concat('}'), 'none did not exist'],
])('readCredentialProviders() refuses %s', (provider, message) => {
  expect(() => read(provider)).toThrow(message)
})
