import type { flowcontrol } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import { LruMap } from '../../base/lru-map.ts'
import type { RequestInfo, UserInfo } from '../request.ts'
import type { Headers } from '../response.ts'
import { deal } from './dealer.ts'
import type { Estimator } from './estimate-work.ts'
import { type SchemaTest, schemaTest } from './match-schema.ts'
import type { PriorityLevel } from './priority-level.ts'
import type { SchemaUse } from './schema-use.ts'

type FlowSchema = flowcontrol.v1.FlowSchema

/** Flows whose hands are remembered, for each schema. */
const maxHands = 4096
const onlyCard: readonly number[] = [0]
const encoder = new TextEncoder()

/** A flow schema made ready: what it takes, and where it sends that. Made anew when it or its level's form changes. */
export class Flow {
  readonly object: FlowSchema
  readonly name: string
  readonly level: PriorityLevel
  readonly use: SchemaUse
  readonly estimator: Estimator
  /** What every answer says of it. */
  readonly headers: Headers
  readonly takes: SchemaTest
  readonly #host: Host
  readonly #form: PriorityLevel['form']
  readonly #configuration: PriorityLevel['configuration']
  readonly #method: string | undefined
  readonly #hands = new LruMap<string, readonly number[]>(maxHands)

  constructor(
    host: Host,
    object: FlowSchema,
    level: PriorityLevel,
    parts: { readonly use: SchemaUse; readonly estimator: Estimator },
  ) {
    this.#host = host
    this.object = object
    this.name = object.metadata?.name ?? ''
    this.level = level
    this.#form = level.form
    this.#configuration = level.configuration
    this.use = parts.use
    this.estimator = parts.estimator
    this.headers = {
      'x-kubernetes-pf-flowschema-uid': object.metadata?.uid ?? '',
      'x-kubernetes-pf-prioritylevel-uid': level.configuration.metadata?.uid ?? '',
    }
    this.takes = object.spec === undefined ? () => false : schemaTest(object.spec)
    this.#method = object.spec?.distinguisherMethod?.type
  }

  /** Whether it would be made the same way for that level as it is now. */
  isMadeFor(level: PriorityLevel): boolean {
    const { form, configuration } = level
    return this.level === level && this.#form === form && this.#configuration === configuration
  }

  /** What tells its flows apart; '' where nothing does, or nobody asks. */
  distinguish(user: UserInfo, info: RequestInfo): string {
    const { queuing } = this.level.form
    if (queuing.type !== 'queue' || queuing.queues <= 1) return ''
    if (this.#method === 'ByUser') return user.name
    return this.#method === 'ByNamespace' ? info.namespace : ''
  }

  /** The queues that the flow may use. */
  handOf(distinguisher: string): readonly number[] {
    const { queuing, handSize } = this.level.form
    if (queuing.type !== 'queue' || queuing.queues <= 1) return onlyCard
    const known = this.#hands.get(distinguisher)
    if (known !== undefined) return known
    const hash = this.#host.sha256(encoder.encode(`${this.name}\0${distinguisher}`))
    const hand = deal(
      new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0, true),
      queuing.queues,
      handSize,
    )
    this.#hands.set(distinguisher, hand)
    return hand
  }
}
