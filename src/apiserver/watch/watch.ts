import type { Host } from '../../base/host.ts'
import type { Selection } from '../cache/selection.ts'
import type { WatchCounts } from '../flow-control/watch-counts.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import type { Representations } from '../represent/representations.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import type { ListOptions } from '../rest/list-options.ts'
import { notAcceptable } from '../rest/media-types.ts'
import type { Resource } from '../rest/resource.ts'
import type { BookmarkClock } from './bookmark-clock.ts'
import { EventsOutput } from './events-output.ts'
import { RefusingOutput } from './refusing-output.ts'
import { findStart } from './start-point.ts'
import { StreamOutput } from './stream-output.ts'
import { type WatchOutput, WatchRun } from './watch-run.ts'

/** `--min-request-timeout`. */
export const defaultMinWatchMs = 1800 * 1000

export interface WatchServices {
  /** A watch that does not say how long lasts between that and twice that; 0: for ever. */
  readonly minTimeoutMs: number
  readonly clock: BookmarkClock
  readonly metrics: ServerMetrics
  /** All that run, so that closing the server ends them. */
  readonly running: Set<WatchRun>
  /** Absent where nobody counts how many watches a write makes work for. */
  readonly counts: WatchCounts | undefined
}

/** The longest that timers take, 24 days. */
const forEverMs = 2 ** 31 - 1

const unasked = (minTimeoutMs: number, host: Host): number =>
  minTimeoutMs === 0 ? forEverMs : Math.min(forEverMs, minTimeoutMs * (1 + host.random()))

/** WATCH of a resource. */
export async function watch(
  resource: Resource,
  request: ServerRequest,
  options: ListOptions,
  representations: Representations,
  services: WatchServices,
): Promise<ServerResponse> {
  const namespace = resource.kind.namespaced ? request.info.namespace : ''
  const selection: Selection = { namespace, labels: options.labels, fields: options.fields }
  const representation = request.source.wantsObjects ? undefined : representations.choose(request, 'watch')
  const start = await findStart(resource, selection, options)
  const { host } = resource.context
  const timeoutSeconds = options.timeoutSeconds ?? 0
  const { kind } = resource
  const labels = [kind.group, kind.version, kind.resource]
  const begin = (output: WatchOutput): WatchRun => {
    const run: WatchRun = new WatchRun(
      {
        resource,
        selection,
        start,
        bookmarks: options.allowWatchBookmarks,
        endBookmark: options.allowWatchBookmarks && options.sendInitialEvents === true,
        timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : unasked(services.minTimeoutMs, host),
        clock: services.clock,
        onReplayed: (events) => {
          services.metrics.watchEvents.inc(labels, events)
          if (options.sendInitialEvents === true)
            services.metrics.watchListed(request, host.monotonicMs() - request.startedMs)
        },
        onEnd: () => {
          services.running.delete(run)
          ended()
          services.metrics.answered(request, 200, host.monotonicMs() - request.startedMs)
          uncount?.()
        },
      },
      output,
    )
    const ended = services.metrics.longRunning(request)
    const uncount = services.counts?.add(request.info, options.fields)
    services.running.add(run)
    run.start()
    return run
  }
  if (representation === undefined) return inProcess(resource, request, begin)
  const { stream } = representation
  if (stream === undefined) throw notAcceptable([])
  return {
    type: 'stream',
    status: 200,
    contentType: stream.streamType,
    flushHead: true,
    start: (sink) => {
      const run = begin(
        representations.showsEvents(request)
          ? new StreamOutput(sink, stream, resource.cache.layout)
          : new RefusingOutput(sink, stream),
      )
      sink.onClose(() => run.stop())
    },
  }
}

function inProcess(
  resource: Resource,
  request: ServerRequest,
  begin: (output: WatchOutput) => WatchRun,
): ServerResponse {
  const { signal } = request
  const output = new EventsOutput(resource)
  const stop = (): void => run.stop()
  output.onReturn = stop
  output.onEnd = () => signal.removeEventListener('abort', stop)
  signal.addEventListener('abort', stop, { once: true })
  const run = begin(output)
  if (signal.aborted) run.stop()
  return { type: 'events', status: 200, events: output }
}
