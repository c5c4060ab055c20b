import { FlowSchema } from '../../api/flowcontrol/flow-schema/kind.ts'
import type { flowcontrol } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { collectionPath } from '../bootstrap/ensure.ts'

type Schema = flowcontrol.v1.FlowSchema

const fieldManager = 'api-priority-and-fairness-config-consumer-v1'
/** Servers of different opinions do not write over one another's conditions more often than that in a minute. */
const maxWritesOfMinute = 5
const minuteMs = 60_000
const retryMs = 1_000

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

/** What a schema should say of its level; undefined where it does. */
export function danglingCondition(schema: Schema, found: boolean): Condition | undefined {
  const name = schema.spec?.priorityLevelConfiguration.name ?? ''
  const about = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`
  const wanted = found
    ? { status: 'False', reason: 'Found', message: `${about} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${about} but there is no such object` }
  const present = schema.status?.conditions?.find(({ type }) => type === 'Dangling')
  const same =
    present?.status === wanted.status &&
    present.reason === wanted.reason &&
    present.message === wanted.message
  return same ? undefined : { type: 'Dangling', ...wanted }
}

export interface ConditionWriterOptions {
  readonly host: Host
  readonly logger: Logger
  readonly transport: Transport
  /** Those whose condition is not as it should be, with what it should be. */
  readonly stale: () => readonly (readonly [schema: Schema, condition: Condition])[]
}

/** Writes schemas' conditions, one after another, until none is stale. */
export class ConditionWriter {
  readonly #options: ConditionWriterOptions
  readonly #written = new Map<string, number[]>()
  #running = false
  #stopped = false
  #timer: Timer | undefined

  constructor(options: ConditionWriterOptions) {
    this.#options = options
  }

  /** Something may have become stale. */
  look(): void {
    if (this.#running || this.#stopped) return
    this.#running = true
    void this.#options.host.track(this.#run())
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    const { host, logger, stale } = this.#options
    try {
      for (;;) {
        const next = stale().find(([schema]) => !this.#isBusy(schema))
        if (next === undefined || this.#stopped) break
        await this.#write(...next)
      }
      if (stale().length > 0) this.#later((30 + host.random() * 45) * 1000)
    } catch (error) {
      if (!this.#stopped) logger.warn('a condition of a FlowSchema could not be written', { error })
      this.#later(retryMs)
    } finally {
      this.#running = false
    }
  }

  #later(delayMs: number): void {
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#timer = this.#options.host.schedule(delayMs, () => this.look())
  }

  #isBusy({ metadata }: Schema): boolean {
    const name = metadata?.name ?? ''
    const recent = (this.#written.get(name) ?? []).filter(
      (atMs) => this.#options.host.monotonicMs() - atMs < minuteMs,
    )
    if (recent.length === 0) this.#written.delete(name)
    else this.#written.set(name, recent)
    return recent.length > maxWritesOfMinute
  }

  async #write({ metadata }: Schema, condition: Condition): Promise<void> {
    const { host, transport } = this.#options
    const name = metadata?.name ?? ''
    this.#written.set(name, [...(this.#written.get(name) ?? []), host.monotonicMs()])
    const lastTransitionTime = formatTime(host.now())
    try {
      await transport.request({
        method: 'PATCH',
        path: `${collectionPath(FlowSchema, '')}/${name}/status`,
        query: { fieldManager, force: 'true' },
        contentType: 'application/apply-patch+yaml',
        body: {
          apiVersion: `${FlowSchema.group}/${FlowSchema.version}`,
          kind: FlowSchema.kind,
          metadata: { name },
          status: { conditions: [{ ...condition, lastTransitionTime }] },
        },
      })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
}
