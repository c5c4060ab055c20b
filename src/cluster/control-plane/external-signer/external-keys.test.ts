import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import { VirtualHost } from '../../../base/virtual-host.ts'
import { ExternalKeys } from './external-keys.ts'
import type { FetchedKeys, SignerClient } from './signer-client.ts'

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  type: 'spki',
  format: 'der',
})
const answer: FetchedKeys = {
  ...{ keys: [{ keyId: 'one', key, excludeFromOidcDiscovery: false }] },
  ...{ dataSeconds: 1, refreshHintSeconds: 60 },
}

test('ExternalKeys asks again when it is time to, and no more once it has stopped while it asked', async () => {
  const host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  const asked: ((error?: Error) => void)[] = []
  const client: SignerClient = {
    ...{ sign: () => Promise.reject(new Error('not asked')), maxLifeSeconds: () => Promise.resolve(600) },
    fetchKeys: () =>
      new Promise((resolve, reject) => {
        asked.push((error) => (error === undefined ? resolve(answer) : reject(error)))
        if (asked.length === 1) resolve(answer)
      }),
    close: () => asked.at(-1)?.(new Error('closed')),
  }
  const none = (): void => {}
  const keys = new ExternalKeys({ host, logger: silentLogger, client, fetched: none, signed: none })
  await keys.start()
  const minute = host.advance(60_000)
  while (asked.length < 2) await realHost.nextTurn()
  keys.stop()
  await minute
  await host.advance(3_600_000)
  expect(asked).toHaveLength(2)
})
