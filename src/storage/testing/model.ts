import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CompactedError, type Entry, FutureRevisionError, GuardFailedError, type Write } from '../storage.ts'
import {
  bytes,
  collect,
  describeBatch,
  dump,
  type MakeStorage,
  makeVirtualHost,
  type StorageUnderTest,
  text,
} from './fixture.ts'

type State = ReadonlyMap<
  string,
  { readonly value: string; readonly modRevision: number; readonly createRevision: number }
>

type Command =
  | {
      readonly type: 'commit'
      readonly writes: readonly { readonly key: string; readonly value: string | undefined }[]
      readonly guard: { readonly key: string; readonly right: boolean } | undefined
    }
  | {
      readonly type: 'range'
      readonly prefix: string
      readonly after: string | undefined
      readonly limit: number
      readonly back: number
    }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'watch'; readonly prefix: string; readonly back: number }
  | { readonly type: 'compact'; readonly back: number }
  | { readonly type: 'reopen' }

const key = fc.constantFrom('/a', '/a/b', '/a/c', '/a\0', '/b', '/b/é', '/b/😀', '/c')
const prefix = fc.constantFrom('', '/', '/a', '/a/', '/b/', '/none')
const value = fc.string({ maxLength: 12 })
const write = fc.record({ key, value: fc.option(value, { nil: undefined, freq: 3 }) })

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('commit' as const),
      writes: fc.uniqueArray(write, { minLength: 1, maxLength: 4, selector: (item) => item.key }),
      guard: fc.option(fc.record({ key, right: fc.boolean() }), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('range' as const),
      prefix,
      after: fc.option(key, { nil: undefined }),
      limit: fc.nat(4),
      back: fc.integer({ min: -1, max: 15 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('get' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('watch' as const),
      prefix,
      back: fc.integer({ min: -1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const), back: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reopen' as const) }) },
)

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The dumb twin: a copy of everything for each revision. */
class Twin {
  /** By revision; the first one is of an empty store. */
  readonly #states: State[] = [new Map(), new Map()]
  readonly #changes: (readonly string[])[] = [[], []]
  compacted = 0
  readonly #countsNothing: boolean

  /** `countsNothing`: a commit that changes nothing has a revision of its own. */
  constructor(countsNothing: boolean) {
    this.#countsNothing = countsNothing
  }

  get revision(): number {
    return this.#states.length - 1
  }

  state(revision: number): State {
    return this.#states[revision] ?? new Map()
  }

  get newest(): State {
    return this.state(this.revision)
  }

  commit(writes: readonly { readonly key: string; readonly value: string | undefined }[]): number {
    const revision = this.revision + 1
    const next = new Map(this.newest)
    const lines: string[] = []
    for (const { key, value } of writes) {
      const before = next.get(key)
      if (value === undefined && before === undefined) continue
      if (value === undefined) next.delete(key)
      else next.set(key, { value, modRevision: revision, createRevision: before?.createRevision ?? revision })
      const was = before === undefined ? '' : ` (was ${before.value}@${before.modRevision})`
      lines.push(`${revision} ${key}=${value}${was}`)
    }
    if (lines.length === 0 && !this.#countsNothing) return this.revision
    this.#states.push(next)
    this.#changes.push(lines)
    return revision
  }

  changes(prefix: string, after: number): readonly string[] {
    const under = (line: string): boolean => line.slice(line.indexOf(' ') + 1).startsWith(prefix)
    return this.#changes.slice(after + 1).flatMap((lines) => lines.filter(under))
  }

  range(prefix: string, after: string | undefined, limit: number, revision: number) {
    const all = [...this.state(revision)]
      .filter(([name]) => name.startsWith(prefix) && (after === undefined || order(name, after) > 0))
      .sort(([a], [b]) => order(a, b))
    return { entries: limit === 0 ? all : all.slice(0, limit), more: limit > 0 && all.length > limit }
  }
}

const plain = ({ key, value, modRevision, createRevision }: Entry) =>
  [key, { value: text(value), modRevision, createRevision }] as const

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

class Run {
  readonly #make: MakeStorage
  readonly #host = makeVirtualHost()
  readonly #twin: Twin
  readonly #remote: boolean

  constructor(make: MakeStorage, remote: boolean) {
    this.#make = make
    this.#twin = new Twin(!remote)
    this.#remote = remote
  }

  async run(commands: readonly Command[]): Promise<void> {
    const place = await this.#make()
    try {
      await this.#inPlace(place, commands)
    } finally {
      await place.dispose()
    }
  }

  async #inPlace(place: StorageUnderTest, commands: readonly Command[]): Promise<void> {
    let storage = await place.open({ host: this.#host })
    const live = new AbortController()
    const seen: string[] = []
    const follow = async (): Promise<void> => {
      for await (const batch of storage.watch('', { after: 1, signal: live.signal }))
        seen.push(...describeBatch(batch))
    }
    const following = place.durable ? undefined : follow()
    for (const step of commands) {
      if (step.type !== 'reopen') await this.#step(storage, step)
      else if (place.durable) {
        await storage.close()
        storage = await place.open({ host: this.#host })
      }
    }
    expect(await dump(storage)).toEqual(
      this.#twin
        .range('', undefined, 0, this.#twin.revision)
        .entries.map(([name, { value }]) => `${name}=${value}`),
    )
    await this.#host.nextTurn()
    live.abort()
    await following
    if (following !== undefined) expect(seen).toEqual(this.#twin.changes('', 1))
    await storage.close()
  }

  async #step(
    storage: Awaited<ReturnType<Awaited<ReturnType<MakeStorage>>['open']>>,
    step: Exclude<Command, { type: 'reopen' }>,
  ): Promise<void> {
    const twin = this.#twin
    const revision = Math.max(twin.revision - ('back' in step ? step.back : 0), 0)
    switch (step.type) {
      case 'commit': {
        const writes: Write[] = step.writes.map((item) =>
          item.value === undefined
            ? { type: 'delete', key: item.key }
            : { type: 'put', key: item.key, value: bytes(item.value) },
        )
        const { guard } = step
        const current = guard === undefined ? 0 : (twin.newest.get(guard.key)?.modRevision ?? 0)
        if (guard?.right === false) {
          const error = await failure(storage.commit(writes, [{ key: guard.key, modRevision: current + 1 }]))
          expect(error).toBeInstanceOf(GuardFailedError)
          return
        }
        const guards = guard === undefined ? [] : [{ key: guard.key, modRevision: current }]
        expect(await storage.commit(writes, guards)).toBe(twin.commit(step.writes))
        return
      }
      case 'get': {
        const entry = await storage.get(step.key)
        expect(entry && plain(entry)[1]).toEqual(twin.newest.get(step.key))
        return
      }
      case 'range': {
        const { prefix, after, limit } = step
        const options = after === undefined ? { limit } : { after, limit }
        // An empty store is at revision 1: there is nothing before it to be read.
        const at = Math.max(revision, 1)
        const reading = storage.range(prefix, step.back === 0 ? options : { ...options, revision: at })
        if (at > twin.revision) expect(await failure(reading)).toBeInstanceOf(FutureRevisionError)
        else if (at < twin.compacted) expect(await failure(reading)).toBeInstanceOf(CompactedError)
        else {
          const result = await reading
          const expected = twin.range(prefix, after, limit, at)
          expect({ ...result, entries: result.entries.map(plain) }).toEqual({ ...expected, revision: at })
        }
        return
      }
      case 'watch': {
        const watching = collect(storage, step.prefix, revision, twin.revision)
        if (revision > twin.revision) return
        // The revision of the compaction itself is still there; a store that was opened later may show it.
        const either = this.#remote && revision === twin.compacted - 1
        const outcome = either ? await watching.catch((error: unknown) => error) : undefined
        if (outcome instanceof CompactedError) return
        if (either) expect(outcome).toEqual(twin.changes(step.prefix, revision))
        else if (revision < twin.compacted) expect(await failure(watching)).toBeInstanceOf(CompactedError)
        else expect(await watching).toEqual(twin.changes(step.prefix, revision))
        return
      }
      case 'compact': {
        if (revision < 1) return
        await storage.compact(revision)
        twin.compacted = Math.max(twin.compacted, revision)
      }
    }
  }
}

export function describeModel(make: MakeStorage, runs: number, remote: boolean): void {
  test('any sequence of calls behaves as a map with a copy for each revision', async () => {
    const commands = fc.array(command, { maxLength: 60, size: 'max' })
    await fc.assert(
      fc.asyncProperty(commands, (sequence) => new Run(make, remote).run(sequence)),
      { numRuns: runs },
    )
  }, 240_000)
}
