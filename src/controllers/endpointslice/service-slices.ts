import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import { lastChangeTriggerTime } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { core } from '../../api/generated/types/index.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import type { Slice, SliceChanges } from './slice-changes.ts'
import type { SliceControllerMetrics } from './slice-controller-metrics.ts'

type Service = core.v1.Service

/** Several failures as one, each once, in the words of upstream's aggregates. */
export function joinFailures(failures: readonly string[]): string | undefined {
  const [first, ...others] = new Set(failures)
  return others.length === 0 ? first : `[${[first, ...others].join(', ')}]`
}

function stamped(slice: Slice, time: string | undefined): Slice {
  const { [lastChangeTriggerTime]: _, ...others } = slice.metadata?.annotations ?? {}
  const annotations = time === undefined ? others : { ...others, [lastChangeTriggerTime]: time }
  return { ...slice, metadata: { ...slice.metadata, annotations } }
}

/** Writes of a service's slices. */
export class ServiceSlices {
  readonly #context: ReconcileContext
  readonly #metrics: SliceControllerMetrics
  readonly #service: Service

  constructor(service: Service, context: ReconcileContext, metrics: SliceControllerMetrics) {
    this.#context = context
    this.#metrics = metrics
    this.#service = service
  }

  /** Answers what went wrong first. `time`: of the change that is the cause. */
  async carryOut(
    { create, update, remove }: SliceChanges,
    time: string | undefined,
  ): Promise<string | undefined> {
    const { namespace, name } = this.#service.metadata ?? {}
    const of = `EndpointSlice for Service ${namespace}/${name}`
    const resource = this.#context.api.resource(EndpointSlice)
    // The garbage collector deletes the slices of a service that goes away.
    const made = this.#service.metadata?.deletionTimestamp === undefined ? create : []
    for (const slice of made) {
      try {
        await resource.create(stamped(slice, time))
      } catch (error) {
        // It goes, and its services with it.
        if (hasCause(error, 'NamespaceTerminating')) return undefined
        return `failed to create ${of}: ${messageOf(error)}`
      }
      this.#metrics.changes.inc(['create'])
    }
    for (const slice of update) {
      try {
        await resource.update(stamped(slice, time))
      } catch (error) {
        return `failed to update ${slice.metadata?.name} ${of}: ${messageOf(error)}`
      }
      this.#metrics.changes.inc(['update'])
    }
    for (const slice of remove) {
      const why = await this.#remove(slice)
      if (why !== undefined) return `failed to delete ${slice.metadata?.name} ${of}: ${why}`
    }
    this.#metrics.changed(this.#service, create.length + update.length + remove.length)
    return undefined
  }

  /** Removes slices of address families that the service has no longer; answers all that went wrong. */
  async removeForeign(slices: readonly Slice[]): Promise<readonly string[]> {
    const { namespace, name } = this.#service.metadata ?? {}
    const failures: string[] = []
    for (const slice of slices) {
      const why = await this.#remove(slice)
      if (why === undefined) continue
      failures.push(
        `error deleting ${slice.metadata?.name} EndpointSlice for Service ${namespace}/${name}: ${why}`,
      )
    }
    return failures
  }

  async #remove({ metadata: { namespace = '', name = '' } = {} }: Slice): Promise<string | undefined> {
    try {
      await this.#context.api.resource(EndpointSlice).delete(namespace, name)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) return messageOf(error)
    }
    this.#metrics.changes.inc(['delete'])
    return undefined
  }
}
