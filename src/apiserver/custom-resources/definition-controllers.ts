import {
  cleanupFinalizer,
  type Definition,
  withoutCondition,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import type { CustomResources } from './custom-resources.ts'
import { finalizeDefinition } from './finalize-definition.ts'
import { NameQueue } from './name-queue.ts'
import { NameRegistry } from './name-registry.ts'
import { planApproval, planEstablished, planNonStructural } from './plan-conditions.ts'
import { planNames } from './plan-names.ts'

export interface DefinitionControllersOptions {
  readonly host: Host
  readonly logger: Logger
  readonly reader: ObjectReader
  /** As the server's own user. */
  readonly transport: Transport
  readonly custom: CustomResources
}

const resource = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }
const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
/** Upstream's. */
const finalizers = 5
/** Names are granted one after another, and written together: what is granted is reserved until others can see it. */
const writers = 50

/** Whether a change is one to finalize for: what the finalizing itself says of its progress is not. */
function isToFinalize(now: Definition, old: Definition | undefined): boolean {
  if (now.metadata?.deletionTimestamp === undefined) return false
  if (!(now.metadata.finalizers ?? []).includes(cleanupFinalizer)) return false
  if (old?.metadata?.deletionTimestamp === undefined) return true
  const rest = (definition: Definition): readonly unknown[] => {
    const { spec, status } = withoutCondition(definition, 'Terminating')
    return [spec, status, definition.metadata?.finalizers]
  }
  return !jsonEqual(rest(now), rest(old))
}

/** Whether others may have names that were this one's. */
function givesUpNames(old: Definition, now: Definition | undefined): boolean {
  const before = old.status?.acceptedNames
  if (before === undefined || jsonEqual(before, now?.status?.acceptedNames)) return false
  const { plural, singular, kind, listKind, shortNames = [] } = now?.status?.acceptedNames ?? {}
  const kept = new Set([plural, singular, kind, listKind, ...shortNames])
  const had = [before.plural, before.singular, before.kind, before.listKind, ...(before.shortNames ?? [])]
  return had.some((name) => name !== undefined && name !== '' && !kept.has(name))
}

/** Accepts names, establishes definitions, and removes what is left of deleted ones: upstream's controllers of the API server. */
export class DefinitionControllers {
  readonly #options: DefinitionControllersOptions
  readonly #reader: TypedReader<Definition>
  readonly #names = new NameRegistry()
  readonly #status: NameQueue
  readonly #finalize: NameQueue
  #stop: () => void = () => {}

  constructor(options: DefinitionControllersOptions) {
    this.#options = options
    const { host, logger } = options
    this.#reader = typedReader<Definition>(options.reader, resource)
    this.#status = new NameQueue({ host, logger, workers: writers, work: (name) => this.#updateStatus(name) })
    this.#finalize = new NameQueue({
      host,
      logger,
      workers: finalizers,
      work: (name) => this.#finalizeOne(name),
    })
  }

  start(): void {
    for (const definition of this.#reader.list()) this.#observe(definition, undefined)
    this.#stop = this.#reader.onChange((now, old) => this.#observe(now, old))
  }

  stop(): void {
    this.#stop()
    this.#status.stop()
    this.#finalize.stop()
  }

  #observe(now: Definition | undefined, old: Definition | undefined): void {
    const name = now?.metadata?.name ?? old?.metadata?.name ?? ''
    this.#names.replace(name, now, old)
    if (now !== undefined) this.#status.add(name)
    if (now !== undefined && isToFinalize(now, old)) this.#finalize.add(name)
    if (old === undefined || !givesUpNames(old, now)) return
    for (const other of this.#names.inGroup(old.spec.group)) if (other !== name) this.#status.add(other)
  }

  async #updateStatus(name: string): Promise<void> {
    const definition = this.#reader.get('', name)
    if (definition === undefined) return
    const nowMs = this.#options.host.now()
    const taken = this.#names.taken(definition.spec.group)
    let next = planNames(definition, taken, nowMs) ?? definition
    for (const plan of [planEstablished, planApproval, planNonStructural]) next = plan(next, nowMs) ?? next
    if (next === definition) return
    this.#names.reserve(name, next)
    try {
      await this.#write(next)
    } finally {
      this.#names.release(name)
    }
  }

  async #finalizeOne(name: string): Promise<void> {
    const definition = this.#reader.get('', name)
    if (definition?.metadata?.deletionTimestamp === undefined) return
    if (!(definition.metadata.finalizers ?? []).includes(cleanupFinalizer)) return
    const { host, custom } = this.#options
    await finalizeDefinition(definition, { host, custom, write: (next) => this.#write(next) })
  }

  /** Gives what was written; undefined where the definition has changed or gone meanwhile: its change comes to us. */
  async #write(definition: Definition): Promise<Definition | undefined> {
    const { transport } = this.#options
    try {
      const answer = await transport.request({
        method: 'PUT',
        path: `${path}/${definition.metadata?.name}/status`,
        body: definition,
      })
      return answer.body as Definition
    } catch (error) {
      if (isStatus(error, 'NotFound', 'Conflict')) return undefined
      throw error
    }
  }
}
