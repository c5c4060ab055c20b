import type { AnyEvaluator } from '../../../api/core/resource-quota/evaluators/evaluator-of.ts'
import { listOf, sameAmounts } from '../../../api/core/resource-quota/quota-amounts.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { internalError, isStatus } from '../../../apimachinery/status-error.ts'
import type { Host } from '../../../base/host.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import type { ObjectWriter } from '../../object-writer.ts'
import { type TypedReader, typedReader } from '../../typed-reader.ts'
import { charge, type LimitedResource, type RunningQuota, runningQuota } from './charge.ts'

type Quota = core.v1.ResourceQuota

const quotaResource = { group: '', resource: 'resourcequotas' }

/** Tries after another server has charged the same quota. */
const maxRetries = 3

/** How long a write waits for its turn; upstream's. */
const timeoutMs = 10_000

interface Waiter {
  readonly attributes: AdmissionAttributes
  readonly evaluator: AnyEvaluator
  resolve(): void
  reject(error: unknown): void
}

export interface QuotaChargesOptions {
  readonly host: Host
  readonly reader: ObjectReader
  readonly writer: ObjectWriter
  readonly limited: readonly LimitedResource[]
}

/**
 * Charges writes to their namespaces' quotas, in the store, before they are done. The writes of a namespace that
 * come while a charge is stored are charged together by the next one; so a flood of creates costs few writes, and
 * no two of them are let through by the same rest of a quota.
 */
export class QuotaCharges {
  readonly #options: QuotaChargesOptions
  readonly #quotas: TypedReader<Quota>
  readonly #waiting = new Map<string, Waiter[]>()

  constructor(options: QuotaChargesOptions) {
    this.#options = options
    this.#quotas = typedReader<Quota>(options.reader, quotaResource)
  }

  /** Whether a namespace has quotas. */
  isLimited(namespace: string): boolean {
    return this.#quotas.list(namespace).length > 0
  }

  /** Resolves when the write is charged; rejects with what refuses it. */
  async charge(attributes: AdmissionAttributes, evaluator: AnyEvaluator): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const { namespace } = attributes
    const waiter = { attributes, evaluator, resolve, reject }
    const timer = this.#options.host.schedule(timeoutMs, () =>
      reject(internalError('resource quota evaluation timed out')),
    )
    const waiting = this.#waiting.get(namespace)
    if (waiting === undefined) {
      this.#waiting.set(namespace, [waiter])
      void this.#work(namespace)
    } else waiting.push(waiter)
    try {
      await promise
    } finally {
      timer.cancel()
    }
  }

  async #work(namespace: string): Promise<void> {
    for (;;) {
      const batch = this.#waiting.get(namespace) ?? []
      if (batch.length === 0) break
      this.#waiting.set(namespace, [])
      try {
        await this.#chargeAll(this.#quotas.list(namespace), batch, maxRetries)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#waiting.delete(namespace)
  }

  async #chargeAll(quotas: readonly Quota[], batch: readonly Waiter[], retries: number): Promise<void> {
    const before = quotas.map(runningQuota)
    const { after, charged } = this.#judge(before, batch)
    if (charged.length === 0) return
    const { failed, error } = await this.#store(before, after)
    if (failed.size === 0) for (const { resolve } of charged) resolve()
    else if (retries === 0) for (const { reject } of charged) reject(error)
    else {
      const again = this.#quotas.list(charged[0]?.attributes.namespace ?? '')
      const names = again.filter(({ metadata }) => failed.has(metadata?.name ?? ''))
      await this.#chargeAll(names, charged, retries - 1)
    }
  }

  /** Who is let through if the charges can be stored; everybody else has got an answer. */
  #judge(
    before: readonly RunningQuota[],
    batch: readonly Waiter[],
  ): { readonly after: readonly RunningQuota[]; readonly charged: readonly Waiter[] } {
    const { host, limited } = this.#options
    const charged: Waiter[] = []
    let after = before
    for (const waiter of batch) {
      try {
        const next = charge(after, waiter.attributes, waiter.evaluator, limited, host.now())
        const current = after
        const isFree = next.every((running, index) =>
          sameAmounts(running.used, current[index]?.used ?? running.used),
        )
        if (waiter.attributes.dryRun || isFree) waiter.resolve()
        else {
          charged.push(waiter)
          after = next
        }
      } catch (error) {
        waiter.reject(error)
      }
    }
    return { after, charged }
  }

  async #store(
    before: readonly RunningQuota[],
    after: readonly RunningQuota[],
  ): Promise<{ readonly failed: ReadonlySet<string>; readonly error: unknown }> {
    const failed = new Set<string>()
    let lastError: unknown
    for (const [index, { quota, used }] of after.entries()) {
      if (used === before[index]?.used) continue
      try {
        const status = { ...quota.status, used: listOf(used) }
        const object: Quota = { ...quota, status }
        await this.#options.writer.replace(quotaResource, object)
      } catch (error) {
        if (!isStatus(error, 'Conflict')) throw error
        failed.add(quota.metadata?.name ?? '')
        lastError = error
      }
    }
    return { failed, error: lastError }
  }
}
