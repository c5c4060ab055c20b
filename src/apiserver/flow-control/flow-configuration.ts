import { FlowSchema } from '../../api/flowcontrol/flow-schema/kind.ts'
import { PriorityLevelConfiguration } from '../../api/flowcontrol/priority-level-configuration/kind.ts'
import type { flowcontrol } from '../../api/generated/types/index.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { assert } from '../../base/assert.ts'
import type { Host } from '../../base/host.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { RequestInfo, UserInfo } from '../request.ts'
import { catchAllLevel, catchAllSchema, exemptLevel, exemptSchema } from './bootstrap-objects.ts'
import { divideSeats } from './divide-seats.ts'
import type { SizeOf } from './estimate-work.ts'
import { Flow } from './flow.ts'
import type { FlowMetrics } from './flow-metrics.ts'
import { levelForm, PriorityLevel } from './priority-level.ts'
import type { WatchCounts } from './watch-counts.ts'
import { danglingCondition } from './write-conditions.ts'

type Schema = flowcontrol.v1.FlowSchema
type Configuration = flowcontrol.v1.PriorityLevelConfiguration

export interface FlowConfigurationOptions {
  readonly host: Host
  readonly reader: ObjectReader
  /** All levels' together: what may be in flight. */
  readonly serverSeats: number
  readonly watches: WatchCounts
  readonly sizeOf: SizeOf
}

const precedence = ({ spec }: Schema): number => spec?.matchingPrecedence ?? 0
const nameOf = ({ metadata }: { readonly metadata?: { readonly name?: string } }): string =>
  metadata?.name ?? ''

const byPrecedence = (left: Schema, right: Schema): number =>
  precedence(left) - precedence(right) || (nameOf(left) < nameOf(right) ? -1 : 1)

const levelOf = ({ spec }: Schema): string => spec?.priorityLevelConfiguration.name ?? ''

/** The levels and flows that the objects describe now. What is mandatory is there even where its object is not. */
export class FlowConfiguration {
  readonly #options: FlowConfigurationOptions
  readonly #metrics: () => FlowMetrics
  #levels = new Map<string, PriorityLevel>()
  #flows: readonly Flow[] = []

  constructor(options: FlowConfigurationOptions, metrics: () => FlowMetrics) {
    this.#options = options
    this.#metrics = metrics
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values()
  }

  /** The first flow schema that takes the request. */
  classify(user: UserInfo, info: RequestInfo): Flow {
    for (const flow of this.#flows) if (flow.takes(user, info)) return flow
    const last = this.#flows.findLast(({ name }) => name === 'catch-all')
    assert(last !== undefined, 'there is no flow schema that catches all')
    return last
  }

  /** Takes in what the objects say now. */
  update(): void {
    const { reader, serverSeats } = this.#options
    const before = this.#levels
    const levels = new Map<string, PriorityLevel>()
    const configurations = reader.list(PriorityLevelConfiguration) as readonly Configuration[]
    for (const configuration of configurations) this.#addLevel(levels, before, configuration)
    for (const [name, level] of before)
      if (!levels.has(name) && !level.queues.isIdle) {
        // Nothing new comes, and what is there ends as it would have.
        level.quiescing = true
        level.queues.onIdle = () => this.update()
        levels.set(name, level)
      }
    for (const mandatory of [exemptLevel, catchAllLevel])
      if (!levels.has(nameOf(mandatory))) this.#addLevel(levels, before, mandatory)
    const shares = [...levels.values()].reduce((sum, { form }) => sum + form.shares, 0)
    for (const level of levels.values()) level.divide(serverSeats, shares)
    this.#levels = levels
    this.#flows = this.#makeFlows(reader.list(FlowSchema) as readonly Schema[])
    this.adjust()
  }

  /** Gives every level its seats anew. */
  adjust(): void {
    const fraction = divideSeats([...this.#levels.values()])
    this.#metrics().fairFraction.set(fraction)
  }

  /** Schemas that say the wrong thing of their levels, or nothing. */
  stale(): readonly (readonly [Schema, NonNullable<ReturnType<typeof danglingCondition>>])[] {
    const schemas = this.#options.reader.list(FlowSchema) as readonly Schema[]
    return schemas.flatMap((schema) => {
      const condition = danglingCondition(schema, this.#isThere(levelOf(schema)))
      return condition === undefined ? [] : [[schema, condition] as const]
    })
  }

  #isThere(name: string): boolean {
    const level = this.#levels.get(name)
    if (level === undefined || level.quiescing) return false
    return this.#options.reader.get(PriorityLevelConfiguration, '', name) !== undefined
  }

  #addLevel(
    levels: Map<string, PriorityLevel>,
    before: ReadonlyMap<string, PriorityLevel>,
    configuration: Configuration,
  ): void {
    const form = levelForm(configuration)
    if (form === undefined) return
    const name = nameOf(configuration)
    const level = before.get(name) ?? this.#newLevel(configuration, form)
    if (!semanticallyEqual(level.form, form)) level.form = form
    level.configuration = configuration
    level.quiescing = false
    level.queues.onIdle = () => {}
    levels.set(name, level)
  }

  #newLevel(configuration: Configuration, form: PriorityLevel['form']): PriorityLevel {
    const level = new PriorityLevel(this.#options.host, configuration, form)
    this.#metrics().follow(level)
    return level
  }

  #makeFlows(schemas: readonly Schema[]): readonly Flow[] {
    const known = new Map(this.#flows.map((flow) => [flow.name, flow]))
    const usable = schemas.filter((schema) => {
      const level = this.#levels.get(levelOf(schema))
      return level !== undefined && !level.quiescing
    })
    const sorted = [...usable].sort(byPrecedence)
    if (!usable.some((schema) => nameOf(schema) === 'exempt')) sorted.unshift(exemptSchema)
    if (!usable.some((schema) => nameOf(schema) === 'catch-all')) sorted.push(catchAllSchema)
    return sorted.map((schema) => this.#flowOf(schema, known.get(nameOf(schema))))
  }

  #flowOf(schema: Schema, known: Flow | undefined): Flow {
    const { host, watches, sizeOf } = this.#options
    const level = this.#levels.get(levelOf(schema))
    assert(level !== undefined, `flow schema ${nameOf(schema)} has no level`)
    if (known?.object === schema && known.isMadeFor(level)) return known
    const name = nameOf(schema)
    return new Flow(host, schema, level, {
      use: level.useBy(name, (length) => this.#metrics().queued(level.name, name, length)),
      estimator: {
        watches,
        sizeOf,
        onWatches: (count) => this.#metrics().watches(level.name, name, count),
      },
    })
  }
}
