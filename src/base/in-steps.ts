import type { Host } from './host.ts'

/** Well below the 10 ms that one turn may take. */
const budgetMs = 4

/** What it needs of a host. */
type Turns = Pick<Host, 'monotonicMs' | 'nextTurn'>

/** Runs `steps` to its end, a few milliseconds in each turn of the event loop. */
export async function inSteps<T>(host: Turns, steps: Generator<void, T>): Promise<T> {
  let startedMs = host.monotonicMs()
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    if (host.monotonicMs() - startedMs < budgetMs) continue
    await host.nextTurn()
    startedMs = host.monotonicMs()
  }
}

/** For `inSteps`: all items, each of which costs something when it comes. */
export function* collected<T>(items: Iterable<T>): Generator<void, readonly T[]> {
  const all: T[] = []
  for (const item of items) {
    all.push(item)
    yield
  }
  return all
}
