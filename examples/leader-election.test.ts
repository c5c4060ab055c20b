import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'timonel'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCandidate } from './leader-election.ts'

let cluster: Cluster
/** Who leads, in the order in which they say so; never two at a time. */
let leaders: string[]
let leading: number
let stops: (() => Promise<void>)[]

beforeEach(async () => {
  cluster = await Cluster.start({ nodes: 1 })
  leaders = []
  leading = 0
  stops = []
})

afterEach(async () => {
  for (const stop of stops) await stop()
  await cluster.stop()
})

/** Starts a candidate; gives what ends it. */
function stand(identity: string, releases: boolean): () => Promise<void> {
  const abort = new AbortController()
  const work = async (signal: AbortSignal): Promise<void> => {
    leaders.push(identity)
    expect(++leading).toBe(1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    leading--
  }
  const candidate = { client: cluster.client, namespace: 'default', lease: 'work', identity, work }
  const running = runCandidate(candidate, abort.signal, { releases })
  const stop = async (): Promise<void> => {
    abort.abort()
    await running
  }
  stops.push(stop)
  return stop
}

async function leads(identity: string): Promise<void> {
  while (leaders.at(-1) !== identity) await sleep(20)
}

test('one candidate leads, and the next when it gives up', async () => {
  const first = stand('first', true)
  await leads('first')
  stand('second', true)
  await first()
  await leads('second')
  expect(leaders).toEqual(['first', 'second'])
})

test('a leader that goes without a word is followed when its lease is over', async () => {
  const first = stand('first', false)
  await leads('first')
  stand('second', true)
  await first()
  await leads('second')
  expect(leaders).toEqual(['first', 'second'])
})
