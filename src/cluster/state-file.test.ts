import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processStartTicks } from './process-identity.ts'
import { type ClusterState, claimState, readState } from './state-file.ts'

let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'timonel-state-'))
  file = join(directory, 'cluster.json')
})

afterEach(() => rmSync(directory, { recursive: true }))

const stateOf = (pid: number, startTicks = processStartTicks(pid) ?? 0): ClusterState => ({
  ...{ pid, startTicks, startedAtMs: 0, nodes: [] },
})
const own = stateOf(process.pid)

test('claimState() gives the state of whoever runs already, and leaves it there', () => {
  const other = stateOf(process.ppid)
  expect(claimState(file, other)).toBeUndefined()
  expect(claimState(file, own)).toEqual(other)
  expect(readState(file)).toEqual(other)
  expect(readdirSync(directory)).toEqual(['cluster.json'])
})

test('claimState() takes the place of a process that is dead, or of half a file', () => {
  const dead = stateOf(process.pid, own.startTicks + 1)
  expect(claimState(file, dead)).toBeUndefined()
  expect(claimState(file, own)).toBeUndefined()
  expect(readState(file)).toEqual(own)
  expect(readdirSync(directory)).toEqual(['cluster.json'])
})

test('claimState() lets one through of several that find what dead ones left at the same time', async () => {
  const files = Array.from({ length: 100 }, (_, round) => `${round}.json`)
  const dead = stateOf(process.pid, own.startTicks + 1)
  for (const name of files) claimState(join(directory, name), dead)
  const claimers = await Promise.all(files.slice(0, 4).map(() => startClaimer(files.length)))
  const won = await Promise.all(claimers.map(claimed))
  for (const claimer of claimers) claimer.kill('SIGKILL')
  expect(won.flat().sort()).toEqual([...files].sort())
  expect(readdirSync(directory).sort()).toEqual([...files].sort())
})

async function startClaimer(rounds: number): Promise<ChildProcess> {
  const claimer = fork(join(import.meta.dirname, 'testing', 'claimer.ts'), [directory, String(rounds)])
  await once(claimer, 'message')
  return claimer
}

async function claimed(claimer: ChildProcess): Promise<readonly string[]> {
  claimer.send('go')
  const [names] = await once(claimer, 'message')
  return names
}
