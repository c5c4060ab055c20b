import { expect, test } from 'vitest'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import { makeVirtualHost } from '../../storage/testing/fixture.ts'
import { ServerLeases } from './server-leases.ts'

test('ServerLeases knows the servers that are alive', async () => {
  const host = makeVirtualHost()
  const storage = new MemoryStorage({ host })
  const [one, two] = [new ServerLeases(storage, '10.0.0.2'), new ServerLeases(storage, '10.0.0.1')]
  expect(await one.renew()).toEqual(['10.0.0.2'])
  expect(await two.renew()).toEqual(['10.0.0.1', '10.0.0.2'])
  await host.advance(10_000)
  await one.renew()
  await host.advance(10_000)
  expect(await one.renew()).toEqual(['10.0.0.2'])
  await two.renew()
  await two.release()
  expect(await one.renew()).toEqual(['10.0.0.2'])
  await storage.close()
})
