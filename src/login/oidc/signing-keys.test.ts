import { expect, it } from 'vitest'
import { parseToken } from '../../apiserver/authentication/jwt.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import { fakeKeyMaker, fakeKeyStore } from '../testing/fake-keys.ts'
import { SigningKeys } from './signing-keys.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const times = { rotationMs: 30 * dayMs, aheadMs: 120 * minuteMs, behindMs: 15 * minuteMs }

it('SigningKeys signs for years with keys that were published before, and stay until their tokens end', async () => {
  const host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  const store = fakeKeyStore()
  const keys = new SigningKeys({ host, logger: silentLogger, store, maker: fakeKeyMaker(), times })
  const known = new Map<unknown, number>()
  const signers: unknown[] = []
  for (let elapsed = 0; elapsed < 400 * dayMs; elapsed += 60 * minuteMs) {
    for (const { kid } of keys.published) if (!known.has(kid)) known.set(kid, host.now())
    const signer = parseToken(keys.sign({}))?.header.kid
    if (signers.at(-1) !== signer) {
      if (signers.length > 0)
        expect(host.now() - (known.get(signer) ?? Infinity)).toBeGreaterThanOrEqual(60 * minuteMs)
      signers.push(signer)
    }
    expect(keys.published.map(({ kid }) => kid)).toContain(signer)
    await host.advance(60 * minuteMs)
  }
  expect(signers).toHaveLength(14)
  expect(store.kept).toHaveLength(1)
  keys.stop()
})

it('SigningKeys goes on with the keys of before, and with the old ones while none can be kept', async () => {
  const host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  const store = fakeKeyStore()
  const maker = fakeKeyMaker()
  const first = new SigningKeys({ host, logger: silentLogger, store, maker, times })
  first.stop()
  const full = {
    load: store.load,
    save: () => {
      throw new Error('no space is left')
    },
  }
  const second = new SigningKeys({ host, logger: silentLogger, store: full, maker, times })
  await host.advance(40 * dayMs)
  expect(parseToken(second.sign({}))?.header.kid).toBe('key-1')
  second.stop()
})
