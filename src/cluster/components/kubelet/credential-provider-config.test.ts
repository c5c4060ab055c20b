import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { defaultFeatures, featureGates } from '../../../api/feature-gates.ts'
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

function read(provider: string, features = defaultFeatures) {
  const file = join(folder, 'config.yaml')
  const head = 'apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n'
  writeFileSync(file, `${head}- ${provider}\n`)
  return readCredentialProviders(file, folder, features)
}

const good =
  '{name: provider, matchImages: [registry.example], defaultCacheDuration: 1m, apiVersion: credentialprovider.kubelet.k8s.io/v1'

const tokens = (more: string): string =>
  `${good}, tokenAttributes: {serviceAccountTokenAudience: a, requireServiceAccount: true, ${more}}}`

test('readCredentialProviders() takes in whose name providers are asked', () => {
  const asked = tokens('cacheType: Token, optionalServiceAccountAnnotationKeys: [example.org/role]')
  expect(read(asked).providers[0]?.tokens).toEqual({
    ...{ audience: 'a', requiresAccount: true, cacheType: 'Token' },
    ...{ requiredAnnotations: [], optionalAnnotations: ['example.org/role'] },
  })
})

test('readCredentialProviders() refuses to ask in the name of pods where that is switched off', () => {
  const off = featureGates(new Map([['KubeletServiceAccountTokenForCredentialProviders', false]]))
  expect(() => read(tokens('cacheType: Token'), off)).toThrow(
    'providers.tokenAttributes: Forbidden: tokenAttributes is not supported when KubeletServiceAccountTokenForCredentialProviders feature gate is disabled',
  )
  expect(read(`${good}}`, off).providers).toHaveLength(1)
})

test('readCredentialProviders() makes providers that ask their program', async () => {
  const request = join(folder, 'request')
  const { providers, configHash } = read(`${good}, env: [{name: REQUEST_FILE, value: ${request}}]}`)
  const [provider] = providers
  expect(configHash).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(provider).toMatchObject({ name: 'provider', defaultCacheMs: 60_000 })
  const answer = await provider?.ask({
    image: 'registry.example/app',
    serviceAccountToken: 'token',
    serviceAccountAnnotations: { team: 'a' },
  })
  expect(answer).toMatchObject({ cacheKeyType: 'Image', auth: {} })
  expect(JSON.parse(readFileSync(request, 'utf8'))).toEqual({
    kind: 'CredentialProviderRequest',
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    image: 'registry.example/app',
    serviceAccountToken: 'token',
    serviceAccountAnnotations: { team: 'a' },
  })
})

test.each([
  ['{name: a/b}', "provider name cannot contain '/'"],
  ['{name: provider}', 'providers.apiVersion: Required value'],
  [`${good}, tokenAttributes: {}}`, 'providers.tokenAttributes.serviceAccountTokenAudience: Required value'],
  [tokens('cacheType: Pod'), 'Unsupported value: "Pod": supported values: "ServiceAccount", "Token"'],
  [tokens(''), 'cacheType is required to be set when tokenAttributes is specified'],
  [tokens('requiredServiceAccountAnnotationKeys: [a, a]'), 'Duplicate value: "a"'],
  [
    tokens('requiredServiceAccountAnnotationKeys: [a], optionalServiceAccountAnnotationKeys: [a]'),
    'Invalid value: ["a"]: annotation keys cannot be both required and optional',
  ],
  [tokens('').replace('v1,', 'v1beta1,'), 'is only supported for credentialprovider.kubelet.k8s.io/v1'],
  [good.replace('name: provider', 'name: none').concat('}'), 'none did not exist'],
])('readCredentialProviders() refuses %s', (provider, message) => {
  expect(() => read(provider)).toThrow(message)
})
