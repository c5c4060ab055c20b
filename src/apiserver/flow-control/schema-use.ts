export type Rejection = 'concurrency-limit' | 'queue-full' | 'time-out'

/** What the requests of one flow schema have and had of one priority level. */
export class SchemaUse {
  readonly schema: string
  executing = 0
  executingSeats = 0
  waiting = 0
  waitingSeats = 0
  dispatched = 0
  /** Times that its request was next and too wide for the seats that were left. */
  unaccommodated = 0
  readonly rejected: Record<Rejection, number> = { 'concurrency-limit': 0, 'queue-full': 0, 'time-out': 0 }
  /** Told how long the queue is that one of its requests has joined. */
  readonly onQueued: (length: number) => void

  constructor(schema: string, onQueued: (length: number) => void) {
    this.schema = schema
    this.onQueued = onQueued
  }
}
