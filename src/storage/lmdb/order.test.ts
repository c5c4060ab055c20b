import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from './testing/temporary-directory.ts'

const commits = 30
const writer = join(import.meta.dirname, 'testing', 'ordered-writer.ts')
const systemCalls = 'trace=openat,write,writev,pwrite64,pwritev,fdatasync,fsync'

/** strace has to be there, and allowed to look at a child. */
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

interface Call {
  readonly name: string
  readonly arguments: string
}

/** System calls in the order in which they ended. strace splits those during which another thread did something. */
function parse(trace: string): readonly Call[] {
  const begun = new Map<string, string>()
  const calls: Call[] = []
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -'<unfinished ...>'.length))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const text = resumed === null ? rest : `${begun.get(thread) ?? ''}${resumed[1]}`
    const [, name, parameters] = /^(\w+)\((.*)$/.exec(text) ?? []
    if (name !== undefined && parameters !== undefined) calls.push({ name, arguments: parameters })
  }
  return calls
}

/** The number of the file that a call works on, as text. */
const fileOf = (call: Call): string => /^\d+/.exec(call.arguments)?.[0] ?? ''

/** What became of the transactions, and what the writer said, in order. */
function storyOf(calls: readonly Call[]): readonly string[] {
  const story: string[] = []
  let syncedFile = ''
  for (const call of calls) {
    const said = /^1, "(\w+) (\d+)\\n"/.exec(call.arguments)
    if (
      call.name === 'openat' &&
      call.arguments.includes('store.lmdb"') &&
      call.arguments.includes('O_DSYNC')
    ) {
      syncedFile = / = (\d+)$/.exec(call.arguments)?.[1] ?? ''
    } else if (call.name === 'write' && said !== null) story.push(`${said[1]} ${said[2]}`)
    else if (call.name === 'fdatasync' || call.name === 'fsync') story.push('data synced')
    else if (/^pwrite|^writev/.test(call.name)) {
      story.push(fileOf(call) === syncedFile ? 'transaction synced' : 'data written')
    }
  }
  return story
}

test.skipIf(!canTrace)(
  'nothing is acknowledged, read or watched before its data and its transaction are synced (needs strace)',
  () => {
    const directory = temporaryDirectory()
    const trace = join(directory, 'trace')
    const store = join(directory, 'store')
    const parameters = ['-f', '-s', '64', '-e', systemCalls, '-o', trace]
    const run = spawnSync('strace', [...parameters, process.execPath, writer, store, String(commits)])
    expect(run.stderr.toString()).toBe('')
    expect(run.status).toBe(0)
    const story = storyOf(parse(readFileSync(trace, 'utf8')))
    for (let revision = 2; revision < 2 + commits; revision++) {
      const start = story.indexOf(`start ${revision}`)
      const written = story.indexOf('data written', start)
      const dataSynced = story.indexOf('data synced', written)
      const synced = story.indexOf('transaction synced', dataSynced)
      expect(start).toBeGreaterThanOrEqual(0)
      expect(written).toBeGreaterThan(start)
      expect(dataSynced).toBeGreaterThan(written)
      expect(synced).toBeGreaterThan(dataSynced)
      for (const event of ['acknowledged', 'watched', 'read']) {
        expect(story.indexOf(`${event} ${revision}`), `${event} ${revision}`).toBeGreaterThan(synced)
      }
    }
  },
  120_000,
)
