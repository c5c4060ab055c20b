import type { core } from '../../src/api/generated/types/index.ts'
import type { WatchEvent } from '../../src/apimachinery/meta.ts'
import type { Connection } from './connection.ts'

/** An event as it comes over the wire, about an object of the kind that was asked for. */
export interface Seen<T> {
  readonly type: WatchEvent['type']
  readonly object: T
}

export interface Following<T> {
  /** Resolves when `isEnough` said yes; rejects when it did not within the time. */
  readonly done: Promise<T>
  stop(): void
}

/** Follows a collection (all that is there, then what changes) until `look` answers something. */
export function follow<T, R>(
  connection: Connection,
  path: string,
  look: (seen: Seen<T>) => R | undefined,
  withinMs = 120_000,
): Following<R> {
  let stop = (): void => {}
  const done = new Promise<R>((resolve, reject) => {
    const query = `${path.includes('?') ? '&' : '?'}watch=true`
    const onLine = (line: Buffer): void => {
      const seen: Seen<T> = JSON.parse(line.toString())
      const answer = look(seen)
      if (answer === undefined) return
      resolve(answer)
      stop()
    }
    const onEnd = (): void => {
      clearTimeout(timeout)
      reject(new Error(`${path}: the watch ended before what was waited for came`))
    }
    const stream = connection.follow(`${path}${query}`, onLine, onEnd)
    const timeout = setTimeout(() => {
      reject(new Error(`${path}: what was waited for did not come within ${withinMs / 1000} s`))
      stop()
    }, withinMs)
    stop = () => {
      clearTimeout(timeout)
      stream.stop()
    }
  })
  return { done, stop: () => stop() }
}

/** Resolves with the first object for which `isIt`. */
export const waitFor = <T>(
  connection: Connection,
  path: string,
  isIt: (object: T, type: Seen<T>['type']) => boolean,
): Promise<T> =>
  follow<T, T>(connection, path, ({ object, type }) => (isIt(object, type) ? object : undefined)).done

export interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

export const hasCondition = (object: Conditioned, type: string): boolean =>
  object.status?.conditions?.some((each) => each.type === type && each.status === 'True') === true

export const isRunning = (pod: core.v1.Pod): boolean => pod.status?.phase === 'Running'

/** Resolves when `count` pods of a selection are Ready at once. */
export function waitForReadyPods(
  connection: Connection,
  namespace: string,
  selector: string,
  count: number,
): Promise<true> {
  const ready = new Set<string>()
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`
  return follow<core.v1.Pod, true>(connection, path, ({ object, type }) => {
    const name = object.metadata?.name ?? ''
    if (type !== 'DELETED' && hasCondition(object, 'Ready')) ready.add(name)
    else ready.delete(name)
    return ready.size >= count ? true : undefined
  }).done
}

/** Resolves when nothing of a selection is left. */
export async function waitForNoPods(
  connection: Connection,
  namespace: string,
  selector: string,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`
  for (;;) {
    const { items } = await connection.ask<{ items: readonly unknown[] }>({ path: `${path}&limit=1` })
    if (items.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
