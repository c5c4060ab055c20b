import { appendFileSync } from 'node:fs'
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LogOptions } from '../../logs/log-options.ts'
import { fileLogs, lastLogText } from './log-files.ts'

let directory: string
let path: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'timonel-logs-'))
  path = join(directory, '0.log')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const line = (second: number, text: string, stream = 'stdout', tag = 'F'): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.123456789Z ${stream} ${tag} ${text}\n`

async function read(options: Partial<LogOptions>, ended: () => boolean = () => true): Promise<string> {
  let text = ''
  const all = { follow: false, previous: false, timestamps: false, ...options }
  const source = { containerId: 'c', logPath: path, ended }
  await fileLogs.read(
    source,
    all,
    (data) => {
      text += Buffer.from(data)
    },
    new AbortController().signal,
  )
  return text
}

test('fileLogs reads what is asked for', async () => {
  const lines = [
    line(1, 'one'),
    line(2, 'two', 'stderr'),
    line(3, 'thr', 'stdout', 'P'),
    line(3, 'ee'),
    line(4, 'four'),
  ]
  await writeFile(path, lines.join(''))
  expect(await read({})).toBe('one\ntwo\nthree\nfour\n')
  expect(await read({ tailLines: 1 })).toBe('four\n')
  expect(await read({ tailLines: 0 })).toBe('')
  expect(await read({ tailLines: 100 })).toBe('one\ntwo\nthree\nfour\n')
  expect(await read({ stream: 'stderr' })).toBe('two\n')
  expect(await read({ limitBytes: 6 })).toBe('one\ntw')
  expect(await read({ sinceMs: Date.parse('2026-01-01T00:00:03Z') })).toBe('three\nfour\n')
  expect(await read({ timestamps: true, tailLines: 3 })).toBe(
    '2026-01-01T00:00:03.123456789Z three\n2026-01-01T00:00:04.123456789Z four\n',
  )
})

test('fileLogs shows no more than the tail that was there when it looked', async () => {
  await writeFile(path, line(1, 'one') + line(2, 'two'))
  const writingOn = (): boolean => {
    // Asked between the look for the tail and the reading.
    appendFileSync(path, line(3, 'three'))
    return true
  }
  expect(await read({ tailLines: 1 }, writingOn)).toBe('two\n')
  expect(await read({ tailLines: 0 }, writingOn)).toBe('')
  expect(await read({ tailLines: 1, follow: true }, writingOn)).toBe('three\nthree\n')
})

test('fileLogs finds the tail of a long file', async () => {
  await writeFile(
    path,
    Array.from({ length: 5000 }, (_, index) => line(1, `line ${index} ${'x'.repeat(50)}`)).join(''),
  )
  expect((await read({ tailLines: 3 })).split('\n').map((text) => text.split(' ')[1])).toEqual([
    '4997',
    '4998',
    '4999',
    undefined,
  ])
})

test('fileLogs follows a log through its rotation to the container end', async () => {
  await writeFile(path, line(1, 'one'))
  let text = ''
  const state = { ended: false }
  const source = { containerId: 'c', logPath: path, ended: () => state.ended }
  const options = { follow: true, previous: false, timestamps: false }
  const reading = fileLogs.read(
    source,
    options,
    (data) => {
      text += Buffer.from(data)
    },
    new AbortController().signal,
  )
  await delay(50)
  await appendFile(path, line(2, 'two'))
  await delay(50)
  await rename(path, `${path}.old`)
  await appendFile(`${path}.old`, line(3, 'three'))
  await writeFile(path, line(4, 'four'))
  await delay(100)
  state.ended = true
  await appendFile(path, line(5, 'five'))
  await reading
  expect(text).toBe('one\ntwo\nthree\nfour\nfive\n')
})

test('lastLogText() gives the end, bounded by lines and bytes', async () => {
  await writeFile(path, [line(1, 'one'), line(2, 'two'), line(3, 'three')].join(''))
  expect(await lastLogText(path, 2, 100)).toBe('two\nthree\n')
  expect(await lastLogText(path, 2, 4)).toBe('ree\n')
})
