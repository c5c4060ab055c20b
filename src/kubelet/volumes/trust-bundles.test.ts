import { beforeEach, describe, expect, it } from 'vitest'
import { ClusterTrustBundle } from '../../api/certificates/cluster-trust-bundle/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { VirtualHost } from '../../base/virtual-host.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { TrustBundles } from './trust-bundles.ts'

const pem = (text: string): string =>
  `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`

let host: VirtualHost
let client: Client
beforeEach(async () => {
  host = testHost()
  client = createClient(new FakeApi(host))
  const signer = 'example.com/web'
  await add('example.com:web:one', { live: 'yes' }, pem('a') + pem('b'), signer)
  await add('example.com:web:two', {}, `# told\n${pem('b')}${pem('c')}`, signer)
  await add('own', {}, pem('d'))
})

async function add(name: string, labels: Record<string, string>, trustBundle: string, signerName?: string) {
  const spec = { trustBundle, ...(signerName === undefined ? {} : { signerName }) }
  const created = client.resource(ClusterTrustBundle).create({ metadata: { name, labels }, spec })
  await host.advance(1)
  await created
}

/** What the anchors say, in their order. */
async function anchors(
  bundles: TrustBundles,
  projection: Omit<core.v1.ClusterTrustBundleProjection, 'path'>,
): Promise<readonly string[]> {
  const asked = bundles.anchors({ path: 'ca.crt', ...projection })
  asked.catch(() => {})
  await host.advance(1)
  const text = await asked
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----\n([^-]*)\n-----END CERTIFICATE-----\n/g)].map(
    ([, contents = '']) => atob(contents),
  )
}

describe('TrustBundles', () => {
  it('gives the authorities of one bundle, or of those of a signer that labels select, each once', async () => {
    const bundles = new TrustBundles(client, host)
    const sorted = async (projection: Parameters<typeof anchors>[1]) =>
      (await anchors(bundles, projection)).toSorted()
    expect(await sorted({ name: 'own' })).toEqual(['d'])
    expect(await sorted({ signerName: 'example.com/web', labelSelector: {} })).toEqual(['a', 'b', 'c'])
    const matchLabels = { live: 'yes' }
    expect(await sorted({ signerName: 'example.com/web', labelSelector: { matchLabels } })).toEqual([
      'a',
      'b',
    ])
  })

  it('keeps their order while it lives', async () => {
    const bundles = new TrustBundles(client, host)
    const all = { signerName: 'example.com/web', labelSelector: {} }
    const first = await anchors(bundles, all)
    await host.advance(60_000)
    expect(await anchors(bundles, all)).toEqual(first)
  })

  it('says what is missing, unless it is optional', async () => {
    const bundles = new TrustBundles(client, host)
    await expect(anchors(bundles, { name: 'none' })).rejects.toThrow('while getting ClusterTrustBundle: ')
    expect(await anchors(bundles, { name: 'none', optional: true })).toEqual([])
    const nobody = 'combination of signerName and labelSelector matched zero ClusterTrustBundles'
    await expect(anchors(bundles, { signerName: 'example.com/other', labelSelector: {} })).rejects.toThrow(
      nobody,
    )
    await expect(anchors(bundles, { signerName: 'example.com/web' })).rejects.toThrow(nobody)
    expect(await anchors(bundles, { signerName: 'example.com/web', optional: true })).toEqual([])
    await expect(anchors(bundles, {})).rejects.toThrow('requires either name or signerName to be set')
  })
})
