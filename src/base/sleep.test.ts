import { expect, test } from 'vitest'
import { realHost } from './host/real-host.ts'
import { sleep } from './sleep.ts'
import { VirtualHost } from './virtual-host.ts'

test('sleep() ends by its time, or with the first of its signals', async () => {
  const host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  const [first, second] = [new AbortController(), new AbortController()]
  const ended: string[] = []
  void sleep(host, 1_000, first.signal, undefined).then(() => ended.push('by time'))
  void sleep(host, 5_000, first.signal, second.signal).then(() => ended.push('by signal'))
  await host.advance(2_000)
  expect(ended).toEqual(['by time'])
  second.abort()
  await host.advance(0)
  expect(ended).toEqual(['by time', 'by signal'])
  await sleep(host, 1_000, first.signal, second.signal)
})
