import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { realHost } from '../../base/host/real-host.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import {
  type CustomServer,
  noxu,
  noxuDefinition,
  noxusPath,
  startCustomServer,
} from './testing/custom-server.ts'

const option = 'ignoreStoreReadErrorWithClusterBreakingPotential=true'
const prefix = '/registry/mygroup.example.com/noxus/default'
const v2Path = noxusPath.replace('/v1/', '/v2/')
const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
const versions = [
  { name: 'v1', served: true, storage: true, schema },
  { name: 'v2', served: true, storage: false, schema },
]
const webhook = {
  clientConfig: { service: { namespace: 'default', name: 'convert', path: '/convert' } },
  conversionReviewVersions: ['v1'],
}
const values = {
  short: '{"kind":"WishIHadChosenNoxu","apiVersion":"mygroup.example.com/v1","metadata":{"name":"short"',
  secret: 'k8s:enc:garbage',
  other: '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"other"}}',
}

describe.each(['None', 'Webhook'])('an unreadable custom resource (conversion %s)', (strategy) => {
  let storage: MemoryStorage
  let server: CustomServer
  const spoil = (name: string, text: string) =>
    storage.commit([{ type: 'put', key: `${prefix}/${name}`, value: new TextEncoder().encode(text) }], [])

  beforeEach(async () => {
    storage = new MemoryStorage({ host: realHost })
    server = await startCustomServer({
      storage,
      sharedStorage: true,
      features: featureGates(new Map([['AllowUnsafeMalformedObjectDeletion', true]])),
      converter: () => async (objects: readonly KubernetesObject[], apiVersion: string) =>
        objects.map((object) => ({ ...object, apiVersion })),
    })
    const conversion = strategy === 'Webhook' ? { strategy, webhook } : { strategy }
    await server.define(noxuDefinition({}, {}, { versions, conversion }))
  })
  afterEach(() => server.stop())

  test.each([noxusPath, v2Path])('is told of, and deleted by who insists, at %s', async (path) => {
    for (const [name, text] of Object.entries(values)) await spoil(name, text)
    await server.call('POST', noxusPath, noxu('good'))
    for (const name of Object.keys(values)) {
      const { status, text } = await server.call('GET', `${path}/${name}`)
      expect([status, text]).toEqual([500, expect.stringContaining('StorageError: corrupt object')])
      expect((await server.call('DELETE', `${path}/${name}`)).status).toBe(500)
    }
    expect((await server.call('GET', `${path}/good`)).status).toBe(200)
    const { reason, details } = JSON.parse((await server.call('GET', path)).text)
    expect([reason, details.causes.map(({ field }: { field: string }) => field)]).toEqual([
      'StorageReadError',
      ['other', 'secret', 'short'].map((name) => `${prefix}/${name}`),
    ])
    for (const name of Object.keys(values))
      expect((await server.call('DELETE', `${path}/${name}?${option}`)).status).toBe(200)
    expect(JSON.parse((await server.call('GET', path)).text).items).toHaveLength(1)
    expect((await server.call('DELETE', `${path}/good?${option}`)).text).toContain('exclusively used')
  })

  test('that was readable is told to nobody as deleted', async () => {
    await server.call('POST', noxusPath, noxu('a'))
    expect(JSON.parse((await server.call('GET', v2Path)).text).items).toHaveLength(1)
    const watch = await server.watch(`${v2Path}?watch=true`)
    await watch.until(1)
    await spoil('a', values.short)
    expect((await server.call('GET', `${v2Path}/a`)).status).toBe(500)
    expect((await server.call('GET', v2Path)).status).toBe(500)
    expect([watch.events().map(({ type }) => type), watch.ended]).toEqual([['ADDED'], true])
  })
})
