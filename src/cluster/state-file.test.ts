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
