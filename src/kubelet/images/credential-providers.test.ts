import { expect, test } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import type { TokenAttributes } from './account-claim.ts'
import { CredentialProviders, type CredentialQuestion } from './credential-providers.ts'

const login = { username: 'me', password: 'secret' }

function bench(answer: (token: string) => unknown, defaultCacheMs = 0, tokens?: TokenAttributes) {
  const asked: string[] = []
  const clock = { ms: 0 }
  const questions: CredentialQuestion[] = []
  const ask = async (question: CredentialQuestion): Promise<unknown> => {
    asked.push(question.image)
    questions.push(question)
    return answer(question.serviceAccountToken ?? '')
  }
  const provider = { name: 'p', matchImages: ['*.example.org', 'registry.example'], defaultCacheMs, ask }
  const annotations: Record<string, string> = { role: 'reader', other: 'x' }
  const providers = new CredentialProviders({
    providers: [tokens === undefined ? provider : { ...provider, tokens }],
    host: { now: () => clock.ms, monotonicMs: () => clock.ms, sha256: (data) => data },
    logger: silentLogger,
    accounts: {
      account: async (namespace, name) => ({
        metadata: { namespace, name, uid: `uid-${name}`, annotations },
      }),
      token: async (pod, audience) => `${audience}/${pod.metadata?.name}`,
    },
  })
  return { asked, questions, annotations, clock, providers }
}

const podOf = (serviceAccountName?: string, name = 'web') => ({
  metadata: { namespace: 'ns', name },
  spec: { containers: [], ...(serviceAccountName === undefined ? {} : { serviceAccountName }) },
})
const pod = podOf()
const byAccount: TokenAttributes = {
  ...{ audience: 'registry', requiresAccount: true, cacheType: 'ServiceAccount' },
  ...{ requiredAnnotations: ['role'], optionalAnnotations: ['none'] },
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
    await providers.entries(image, pod)
  expect(asked).toEqual(wanted)
  clock.ms = 60_000
  expect(await providers.entries('registry.example/a', pod)).toEqual([{ key: '*.example.org', auth: login }])
  expect(asked).toHaveLength(wanted.length + 1)
})

test('who asks at the same time waits for one answer, and a provider that fails gives nothing', async () => {
  const { asked, providers } = bench(() => ({ cacheKeyType: 'Nothing', auth: {} }), 1_000)
  const image = 'registry.example/a'
  expect(await Promise.all([providers.entries(image, pod), providers.entries(image, pod)])).toEqual([[], []])
  expect(asked).toEqual([image])
})

test('a provider is asked in the name of a pod’s service account, whose the answer is', async () => {
  const { questions, annotations, providers } = bench(
    () => ({ cacheKeyType: 'Registry', auth: { 'registry.example': login } }),
    60_000,
    byAccount,
  )
  const [entry] = await providers.entries('registry.example/a', podOf('sa'))
  expect(entry).toMatchObject({ auth: login, account: { metadata: { uid: 'uid-sa' } } })
  expect(questions).toEqual([
    {
      image: 'registry.example/a',
      serviceAccountToken: 'registry/web',
      serviceAccountAnnotations: { role: 'reader' },
    },
  ])
  await providers.entries('registry.example/b', podOf('sa', 'other'))
  expect(questions).toHaveLength(1)
  await providers.entries('registry.example/b', podOf('sb'))
  expect(questions).toHaveLength(2)
  expect(await providers.entries('registry.example/a', podOf())).toEqual([])
  delete annotations['role']
  expect(await providers.entries('registry.example/a', podOf('sa'))).toEqual([])
  expect(questions).toHaveLength(2)
})

test('an answer that is the token itself is kept for the pod alone, and refused of a provider for accounts', async () => {
  const echo = (token: string) => ({
    cacheKeyType: 'Global',
    auth: { 'registry.example': { username: 'me', password: token } },
  })
  const refused = bench(echo, 60_000, byAccount)
  expect(await refused.providers.entries('registry.example/a', podOf('sa'))).toEqual([])
  const { questions, providers } = bench(echo, 60_000, { ...byAccount, cacheType: 'Token' })
  for (const name of ['web', 'web', 'other']) {
    const [entry] = await providers.entries('registry.example/a', podOf('sa', name))
    expect(entry?.auth.password).toBe(`registry/${name}`)
  }
  expect(questions).toHaveLength(2)
})
