import type { Host } from '../base/host.ts'
import { messageOf } from '../base/message-of.ts'

/** One step of starting or stopping a cluster, as a user sees it. */
export type Step =
  | { readonly type: 'started'; readonly name: string }
  | { readonly type: 'done'; readonly name: string; readonly tookMs: number; readonly detail?: string }
  | { readonly type: 'failed'; readonly name: string; readonly tookMs: number; readonly error: string }

export type Report = (step: Step) => void

/** Runs one step and reports its beginning and end. `work` may return a detail to show. */
export async function step<T>(
  host: Host,
  report: Report,
  name: string,
  work: () => Promise<T>,
  detail?: (result: T) => string,
): Promise<T> {
  const startMs = host.monotonicMs()
  const took = (): number => Math.round(host.monotonicMs() - startMs)
  report({ type: 'started', name })
  try {
    const result = await work()
    report({ type: 'done', name, tookMs: took(), ...(detail ? { detail: detail(result) } : {}) })
    return result
  } catch (error) {
    report({
      type: 'failed',
      name,
      tookMs: took(),
      error: messageOf(error),
    })
    throw error
  }
}
