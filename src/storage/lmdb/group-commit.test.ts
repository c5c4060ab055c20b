import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { GroupCommit } from './group-commit.ts'

/** A disk whose flushes end when they are told to. */
function makeDisk() {
  const log: string[] = []
  const flushes: { end(): void; fail(error: Error): void }[] = []
  const commits = new GroupCommit<string>(realHost, {
    flush: (items) =>
      new Promise((resolve, reject) => {
        log.push(`flush ${items.join()}`)
        flushes.push({ end: resolve, fail: reject })
      }),
    publish: (items) => log.push(`publish ${items.join()}`),
    fail: async (items, error) => {
      log.push(`fail ${items.join()}: ${error instanceof Error ? error.message : error}`)
    },
  })
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await realHost.nextTurn()
  }
  return { log, flushes, commits, settle }
}

test('GroupCommit publishes nothing before its flush has ended', async () => {
  const { log, flushes, commits, settle } = makeDisk()
  commits.add('a', 1)
  expect(log).toEqual([])
  await settle()
  expect(log).toEqual(['flush a'])
  flushes[0]?.end()
  await settle()
  expect(log).toEqual(['flush a', 'publish a'])
})

test('GroupCommit lets what arrives during a flush share the next one', async () => {
  const { log, flushes, commits, settle } = makeDisk()
  commits.add('a', 1)
  commits.add('b', 1)
  await settle()
  for (const item of ['c', 'd', 'e']) commits.add(item, 1)
  await settle()
  expect(log).toEqual(['flush a,b'])
  expect(commits.waitingBytes).toBe(5)
  flushes[0]?.end()
  await settle()
  expect(log).toEqual(['flush a,b', 'publish a,b', 'flush c,d,e'])
  expect(commits.waitingBytes).toBe(3)
  const idle = commits.idle().then(() => log.push('idle'))
  flushes[1]?.end()
  await idle
  expect(log.slice(3)).toEqual(['publish c,d,e', 'idle'])
  expect(commits.waitingBytes).toBe(0)
})

test('GroupCommit fails what was waiting together with the flush that failed, and goes on', async () => {
  const { log, flushes, commits, settle } = makeDisk()
  commits.add('a', 1)
  await settle()
  commits.add('b', 1)
  flushes[0]?.fail(new Error('no room'))
  await settle()
  expect(log).toEqual(['flush a', 'fail a,b: no room'])
  expect(commits.waitingBytes).toBe(0)
  commits.add('c', 1)
  await settle()
  flushes[1]?.end()
  await settle()
  expect(log.slice(2)).toEqual(['flush c', 'publish c'])
})

test('GroupCommit bounds a flush', async () => {
  const { log, flushes, commits, settle } = makeDisk()
  const large = 10 * 2 ** 20
  for (const item of ['a', 'b', 'c']) commits.add(item, large)
  for (let flush = 0; flush < 3; flush++) {
    await settle()
    flushes[flush]?.end()
  }
  await commits.idle()
  expect(log.filter((line) => line.startsWith('flush'))).toEqual(['flush a', 'flush b', 'flush c'])
})
