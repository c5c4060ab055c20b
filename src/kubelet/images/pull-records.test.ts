import { expect, test } from 'vitest'
import { bareImageName, PullRecords, type PullVerification, usualVerification } from './pull-records.ts'

const image = 'registry.example/team/app:1'
const secret = { uid: 'u', namespace: 'ns', name: 'login', hash: 'h' }

function memory() {
  let text: string | undefined
  return {
    load: async () => text,
    save: async (next: string): Promise<void> => {
      text = next
    },
  }
}

const recordsOf = async (verification = usualVerification, store = memory()): Promise<PullRecords> => {
  const records = new PullRecords(store, verification, () => 1_000)
  await records.load()
  return records
}

test('an image that the agent pulled with a secret is for those who have it', async () => {
  const store = memory()
  const first = await recordsOf(usualVerification, store)
  expect(await first.mustPull(image, 'id', async () => [])).toBe(false)
  await first.begin(image)
  await first.succeeded(image, 'id', secret)
  const records = await recordsOf(usualVerification, store)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(true)
  expect(await records.mustPull('registry.example/team/app:2', 'id', async () => [secret])).toBe(false)
  expect(await records.mustPull('mirror.example/app', 'id', async () => [secret])).toBe(true)
  const elsewhere = { ...secret, uid: 'v', namespace: 'other' }
  expect(await records.mustPull(image, 'id', async () => [elsewhere])).toBe(false)
  expect(await records.mustPull(image, 'id', async () => [{ ...elsewhere, hash: 'changed' }])).toBe(false)
  expect(await records.mustPull(image, 'id', async () => [{ ...secret, uid: 'w', hash: 'other' }])).toBe(true)
})

test('an image that was pulled without a secret is for everyone, from then on', async () => {
  const records = await recordsOf()
  await records.begin(image)
  await records.succeeded(image, 'id', undefined)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(false)
  await records.begin(image)
  await records.succeeded(image, 'id', secret)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(false)
})

test('what an agent began to pull and did not see the end of has to be shown credentials for', async () => {
  const store = memory()
  await (await recordsOf(usualVerification, store)).begin(image)
  const records = await recordsOf(usualVerification, store)
  expect(await records.mustPull(image, 'id', async () => [secret])).toBe(true)
  await records.begin(image)
  await records.failed(image)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(false)
})

test.each([
  ['NeverVerify', [], false, false],
  ['NeverVerifyPreloadedImages', [], false, true],
  ['NeverVerifyAllowlistedImages', ['registry.example/team/*'], false, false],
  ['NeverVerifyAllowlistedImages', ['registry.example/team/app'], false, false],
  ['NeverVerifyAllowlistedImages', ['registry.example/other/*'], true, true],
  ['AlwaysVerify', [], true, true],
] as const)('the policy %s with %j', async (policy, allowlist, preloaded, pulled) => {
  const verification: PullVerification = { policy, allowlist }
  const records = await recordsOf(verification)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(preloaded)
  await records.begin(image)
  await records.succeeded(image, 'id', secret)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(pulled)
})

test('records of images that are gone are forgotten', async () => {
  const records = await recordsOf()
  await records.begin(image)
  await records.succeeded(image, 'id', secret)
  await records.keepOnly(new Set(), 1_000)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(true)
  await records.keepOnly(new Set(), 1_001)
  expect(await records.mustPull(image, 'id', async () => [])).toBe(false)
})

test.each([
  ['app', 'app'],
  ['localhost:5000/app', 'localhost:5000/app'],
  ['localhost:5000/app:1@sha256:abc', 'localhost:5000/app'],
])('bareImageName() of %s', (name, bare) => {
  expect(bareImageName(name)).toBe(bare)
})
