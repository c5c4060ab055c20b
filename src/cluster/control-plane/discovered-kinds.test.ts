import { expect, test } from 'vitest'
import type { Transport } from '../../apimachinery/transport.ts'
import { silentLogger } from '../../base/logger.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { DiscoveredKinds, type DiscoveredKindsOptions } from './discovered-kinds.ts'

interface Version {
  readonly version: string
  readonly freshness?: string
  readonly resources?: readonly object[]
}

const resource = (name: string, kind: string, scope = 'Namespaced') => ({
  resource: name,
  responseKind: { kind },
  scope,
  verbs: ['delete', 'list', 'watch'],
})

function kindsOf(groups: Record<string, readonly Version[]>, options: Partial<DiscoveredKindsOptions> = {}) {
  const host = testHost()
  const document = (names: readonly string[]) => ({
    items: names.map((name) => ({ metadata: name === '' ? {} : { name }, versions: groups[name] ?? [] })),
  })
  const transport: Transport = {
    request: async ({ path }) => {
      const names = Object.keys(groups).filter((name) => (name === '') === (path === '/api'))
      return { status: 200, body: document(names), warnings: [] }
    },
    async *watch() {},
    close: async () => {},
  }
  return { host, kinds: new DiscoveredKinds({ host, logger: silentLogger, transport, ...options }) }
}

const names = (kinds: DiscoveredKinds) =>
  kinds.list().map(({ group, version, resource: name }) => `${group}/${version}/${name}`)

test('DiscoveredKinds lists every version, the preferred one first', async () => {
  const { kinds } = kindsOf({
    '': [{ version: 'v1', resources: [resource('pods', 'Pod')] }],
    'shop.test': [
      { version: 'v2', resources: [resource('carts', 'Cart')] },
      { version: 'v1', resources: [resource('carts', 'Cart')] },
    ],
  })
  await kinds.refresh()
  expect(names(kinds)).toEqual(['/v1/pods', 'shop.test/v2/carts', 'shop.test/v1/carts'])
})

test('DiscoveredKinds keeps what it knew of a group whose server does not answer, and says so', async () => {
  const groups: Record<string, readonly Version[]> = {
    'shop.test': [{ version: 'v1', resources: [resource('carts', 'Cart')] }],
  }
  const { kinds } = kindsOf(groups)
  expect(await kinds.refresh()).toEqual(new Map())
  groups['shop.test'] = [{ version: 'v1', freshness: 'Stale' }]
  expect(await kinds.refresh()).toEqual(
    new Map([['shop.test/v1', 'stale GroupVersion discovery: shop.test/v1']]),
  )
  expect(names(kinds)).toEqual(['shop.test/v1/carts'])
  delete groups['shop.test']
  await kinds.refresh()
  expect(names(kinds)).toEqual([])
})

test('DiscoveredKinds tells of changes that it finds by itself', async () => {
  const groups: Record<string, readonly Version[]> = {}
  const { kinds, host } = kindsOf(groups)
  const starting = kinds.start()
  await host.advance(1)
  await starting
  let changes = 0
  kinds.onChange(() => changes++)
  groups['shop.test'] = [{ version: 'v1', resources: [resource('carts', 'Cart')] }]
  await host.advance(90_000)
  expect([changes, names(kinds)]).toEqual([1, ['shop.test/v1/carts']])
  kinds.stop()
})

test('DiscoveredKinds leaves out what others know', async () => {
  const { kinds } = kindsOf(
    {
      apps: [{ version: 'v1', resources: [resource('deployments', 'Deployment')] }],
      'shop.test': [{ version: 'v1', resources: [resource('carts', 'Cart')] }],
    },
    { isLeftOut: (version) => version === 'apps/v1' },
  )
  await kinds.refresh()
  expect(names(kinds)).toEqual(['shop.test/v1/carts'])
})
