import { expect, test } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { CredentialProviders } from './credential-providers.ts'

const login = { username: 'me', password: 'secret' }

function bench(answer: (image: string) => unknown, defaultCacheMs = 0) {
  const asked: string[] = []
  const clock = { ms: 0 }
  const ask = async (image: string): Promise<unknown> => {
    asked.push(image)
    return answer(image)
  }
  const provider = { name: 'p', matchImages: ['*.example.org', 'registry.example'], defaultCacheMs, ask }
  return { asked, clock, providers: new CredentialProviders([provider], () => clock.ms, silentLogger) }
}

test.each([
  ['Image', ['registry.example/a', 'registry.example/b', 'eu.example.org/a']],
  ['Registry', ['registry.example/a', 'eu.example.org/a']],
  ['Global', ['registry.example/a']],
])('answers for each %s are kept as long as they hold', async (cacheKeyType, wanted) => {
  const { asked, clock, providers } = bench(() => ({
    ...{ cacheKeyType, cacheDuration: '1m0s', auth: { '*.example.org': login } },
  }))
  for (const image of ['registry.example/a', 'registry.example/b', 'eu.example.org/a', 'none.example/a'])
    await providers.entries(image)
  expect(asked).toEqual(wanted)
  clock.ms = 60_000
  expect(await providers.entries('registry.example/a')).toEqual([{ key: '*.example.org', auth: login }])
  expect(asked).toHaveLength(wanted.length + 1)
})

test('who asks at the same time waits for one answer, and a provider that fails gives nothing', async () => {
  const { asked, providers } = bench(() => ({ cacheKeyType: 'Nothing', auth: {} }), 1_000)
  const image = 'registry.example/a'
  expect(await Promise.all([providers.entries(image), providers.entries(image)])).toEqual([[], []])
  expect(asked).toEqual([image])
})
