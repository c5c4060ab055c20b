import { type batch, type Client, isStatus, Job } from 'timonel'

/** The queue that a job belongs to, and the item that it does. */
export const queueLabel = 'example.com/work-queue'
export const itemLabel = 'example.com/work-item'

export interface WorkQueue {
  readonly namespace: string
  readonly name: string
  /** What there is to do; each is a job's name's end, so of small letters, digits and dashes. */
  readonly items: readonly string[]
  /** How many jobs run at a time. */
  readonly atOnce: number
  /** What is done for an item: everything of the job but its name. */
  readonly jobFor: (item: string) => batch.v1.JobSpec
}

export interface WorkDone {
  readonly succeeded: readonly string[]
  readonly failed: readonly string[]
}

const hasEnded = ({ status }: batch.v1.Job, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true

const itemOf = ({ metadata }: batch.v1.Job): string => metadata?.labels?.[itemLabel] ?? ''

async function start(client: Client, queue: WorkQueue, item: string): Promise<void> {
  const { namespace, name, jobFor } = queue
  const labels = { [queueLabel]: name, [itemLabel]: item }
  try {
    await client
      .resource(Job)
      .create({ metadata: { namespace, name: `${name}-${item}`, labels }, spec: jobFor(item) })
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) throw error // started before we were
  }
}

/** Starts what may start, and tells whether all is done. Everything is in the jobs: whoever comes next carries on. */
async function step(client: Client, queue: WorkQueue): Promise<WorkDone | undefined> {
  const { namespace, name, items, atOnce } = queue
  const { items: jobs } = await client
    .resource(Job)
    .list({ namespace, labelSelector: `${queueLabel}=${name}` })
  const of = (type: string): readonly string[] => jobs.filter((job) => hasEnded(job, type)).map(itemOf)
  const succeeded = of('Complete')
  const failed = of('Failed')
  const running = jobs.length - succeeded.length - failed.length
  const started = new Set(jobs.map(itemOf))
  const waiting = items.filter((item) => !started.has(item))
  if (running === 0 && waiting.length === 0) return { succeeded, failed }
  for (const item of waiting.slice(0, Math.max(0, atOnce - running))) await start(client, queue, item)
  return undefined
}

/** Does every item of a queue in a job of its own, some at a time. Resolves when each has succeeded or failed. */
export async function runWorkQueue(client: Client, queue: WorkQueue, signal: AbortSignal): Promise<WorkDone> {
  const { namespace, name } = queue
  for (;;) {
    const first = await step(client, queue)
    if (first !== undefined) return first
    const watch = client.resource(Job).watch({ namespace, labelSelector: `${queueLabel}=${name}`, signal })
    for await (const _ of watch) {
      const done = await step(client, queue)
      if (done !== undefined) return done
    }
    signal.throwIfAborted()
  }
}
