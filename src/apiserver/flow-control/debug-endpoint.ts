import type { Endpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { pageNotFound } from '../routing.ts'
import type { PriorityLevel } from './priority-level.ts'
import type { Ticket } from './queue-set.ts'

type Row = readonly (string | number | boolean)[]

const leastWidth = 8

/** Columns of even width, each but the last followed by a comma: Go's tabwriter as upstream uses it. */
function table(rows: readonly Row[]): string {
  const cells = rows.map((row) =>
    row.map((cell, at) => (at === row.length - 1 ? String(cell) : `${String(cell)},`)),
  )
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(leastWidth, ...cells.map((row) => (row[column] ?? '').length + 1)),
  )
  return cells
    .map((row) =>
      row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join(''),
    )
    .map((line) => `${line}\n`)
    .join('')
}

const work = (seatSeconds: number): string => `${seatSeconds.toFixed(8)}ss`

/** A goroutine's view of no time at all. */
const never = '0001-01-01T00:00:00Z'

function duration(ms: number): string {
  if (ms === 0) return '0s'
  return ms < 1 ? `${ms * 1000}µs` : ms < 1000 ? `${ms}ms` : `${ms / 1000}s`
}

const levelHeads = [
  ...['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests'],
  ...['DispatchedRequests', 'RejectedRequests', 'TimedoutRequests', 'CancelledRequests'],
]

function levelRow(level: PriorityLevel): Row {
  const { queues } = level
  const uses = [...level.uses.values()]
  const dispatched = uses.reduce((sum, use) => sum + use.dispatched, 0)
  const cancelled = uses.reduce((sum, use) => sum + use.rejected['time-out'], 0)
  const rejected = uses.reduce(
    (sum, { rejected: counts }) => sum + counts['concurrency-limit'] + counts['queue-full'],
    cancelled,
  )
  const active = queues.dump().queues.filter(({ waiting }) => waiting.length > 0).length
  // Upstream counts none as timed out: those are cancelled.
  return [
    ...[level.name, active, queues.isIdle, level.quiescing, queues.waiting, queues.executing],
    ...[dispatched, rejected, 0, cancelled],
  ]
}

const queueHeads = [
  ...['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR'],
  ...['InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum'],
]

const queueRows = ({ name, queues }: PriorityLevel): readonly Row[] =>
  queues
    .dump()
    .queues.map((queue, index) => [
      ...[name, index, queue.waiting.length, queue.executing.length, queue.seatsInUse],
      ...[work(queue.nextDispatch), queue.initialSeats, queue.maxSeats, work(queue.work)],
    ])

const requestHeads = [
  ...['PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher'],
  ...['ArriveTime', 'InitialSeats', 'FinalSeats', 'AdditionalLatency', 'StartTime'],
]
const detailHeads = [
  'UserName',
  'Verb',
  'APIPath',
  'Namespace',
  'Name',
  'APIVersion',
  'Resource',
  'SubResource',
]

/** Wall-clock time of a reading of the monotonic clock. */
type TimeOf = (monotonicMs: number) => string

function requestRow(
  level: string,
  ticket: Ticket,
  place: readonly [queue: number, at: number],
  time: TimeOf,
): Row {
  const { initialSeats, finalSeats, additionalMs } = ticket.work
  return [
    ...[level, ticket.use.schema, ...place, ticket.distinguisher, time(ticket.arrivedMs)],
    ...[initialSeats, finalSeats, duration(additionalMs)],
    ticket.startedMs === undefined ? never : time(ticket.startedMs),
  ]
}

function details({ request }: Ticket): Row {
  const { verb, path, namespace, name, group, version, resource, subresource } = request.info
  const apiVersion = group === '' ? version : `${group}/${version}`
  return [request.user?.name ?? '', verb, path, namespace, name, apiVersion, resource, subresource]
}

function requestRows(level: PriorityLevel, detailed: boolean, time: TimeOf): readonly Row[] {
  const row = (ticket: Ticket, queue: number, at: number): Row => [
    ...requestRow(level.name, ticket, [queue, at], time),
    ...(detailed ? details(ticket) : []),
  ]
  const { queues, queueless } = level.queues.dump()
  return [
    ...queues.flatMap(({ waiting, executing }, index) => [
      ...waiting.map((ticket, at) => row(ticket, index, at)),
      ...executing.map((ticket) => row(ticket, index, -1)),
    ]),
    ...queueless.map((ticket) => row(ticket, -1, -1)),
  ]
}

const base = '/debug/api_priority_and_fairness'

export interface FlowDebugOptions {
  readonly levels: () => Iterable<PriorityLevel>
  readonly time: TimeOf
}

/** `/debug/api_priority_and_fairness/dump_{priority_levels,queues,requests}`: what waits and runs now. */
export class FlowDebugEndpoint implements Endpoint {
  readonly paths = [`${base}/dump_priority_levels`, `${base}/dump_queues`, `${base}/dump_requests`]
  readonly #options: FlowDebugOptions

  constructor(options: FlowDebugOptions) {
    this.#options = options
  }

  /** Upstream lists them nowhere. */
  index(): readonly string[] {
    return []
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const { levels, time } = this.#options
    const sorted = [...levels()].sort((left, right) => (left.name < right.name ? -1 : 1))
    switch (request.path.slice(base.length + 1)) {
      case 'dump_priority_levels':
        return textResponse(table([levelHeads, ...sorted.map(levelRow)]))
      case 'dump_queues':
        return textResponse(table([queueHeads, ...sorted.flatMap(queueRows)]))
      case 'dump_requests': {
        const detailed = (request.query.get('includeRequestDetails') ?? '') !== ''
        const heads = detailed ? [...requestHeads, ...detailHeads] : requestHeads
        return textResponse(table([heads, ...sorted.flatMap((level) => requestRows(level, detailed, time))]))
      }
      default:
        return pageNotFound()
    }
  }
}
