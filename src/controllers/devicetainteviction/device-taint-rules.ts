import { Pod } from '../../api/core/pod/kind.ts'
import type { resource } from '../../api/generated/types/index.ts'
import { currentSlices, poolOf } from '../../api/resource/device-pools.ts'
import { DeviceTaintRule } from '../../api/resource/device-taint-rule/kind.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../api/resource/resource-slice/kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import {
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
} from '../../reconcile/controller.ts'
import { isForDevice, podEviction, type TaintedWorld } from './plan-eviction.ts'
import { nextCondition, type RuleEffect, statusPeriodMs, statusRestMs } from './rule-condition.ts'

type Rule = resource.v1beta2.DeviceTaintRule

const fieldManager = 'device-taint-eviction-controller'
const prefix = 'rule '

export const ruleKey = ({ metadata }: Rule): Key => `${prefix}${metadata?.name}`
export const isRuleKey = (key: Key): boolean => key.startsWith(prefix)

export const evictsPods = ({ spec }: Rule): boolean => spec.taint.effect === 'NoExecute'

/** The pods of any namespace, as they see it. */
export type WorldOf = (namespace: string, rules: readonly Rule[], context: ReconcileContext) => TaintedWorld

const nothing = { publishedDevices: 0, allocatedDevices: 0, pendingPods: 0, pendingNamespaces: 0 }

/** The status of DeviceTaintRules: what they have done, do, or would do. */
export class DeviceTaintRules {
  readonly #worldOf: WorldOf
  /** By the uids of rules that are there. */
  readonly #evicted = new Map<string, number>()
  /** By keys. */
  readonly #uids = new Map<Key, string>()

  constructor(worldOf: WorldOf) {
    this.#worldOf = worldOf
  }

  /** A pod is gone because of these rules. */
  noteEviction(rules: readonly string[]): void {
    for (const uid of rules) this.#evicted.set(uid, (this.#evicted.get(uid) ?? 0) + 1)
  }

  /** Keys of rules whose status is to be looked at when enough may have happened. */
  *keysOf(uids: readonly string[], { cache }: ReconcileContext): Iterable<readonly [Key, number]> {
    if (uids.length === 0) return
    for (const rule of cache.of(DeviceTaintRule).list())
      if (uids.includes(rule.metadata?.uid ?? '')) yield [ruleKey(rule), statusPeriodMs]
  }

  async reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
    const { cache, api, host } = context
    const rule = cache.of(DeviceTaintRule).get('', key.slice(prefix.length))
    const uid = rule?.metadata?.uid
    const known = this.#uids.get(key)
    if (known !== undefined && known !== uid) this.#evicted.delete(known)
    if (rule === undefined || uid === undefined) {
      this.#uids.delete(key)
      return done
    }
    this.#uids.set(key, uid)
    const restMs = statusRestMs(rule, host.now())
    if (restMs > 0) return requeueAfter(restMs)
    const condition = nextCondition(rule, this.#effectOf(rule, context), host.now())
    if (condition === undefined) return done
    const { name = '' } = rule.metadata ?? {}
    const change: KubernetesObject = { metadata: { name, uid }, ...{ status: { conditions: [condition] } } }
    await api
      .resource<KubernetesObject>(DeviceTaintRule)
      .apply(change, { fieldManager, force: true, subresource: 'status' })
    return done
  }

  #effectOf(rule: Rule, context: ReconcileContext): RuleEffect {
    const { cache } = context
    const uid = rule.metadata?.uid ?? ''
    const evictedPods = this.#evicted.get(uid) ?? 0
    const isRehearsal = rule.spec.taint.effect === 'None'
    if (!isRehearsal && !evictsPods(rule)) return { ...nothing, evictedPods }
    const pending: string[] = []
    for (const pod of cache.of(Pod).list()) {
      const { namespace = '', deletionTimestamp } = pod.metadata ?? {}
      if (deletionTimestamp !== undefined || (pod.spec?.resourceClaims ?? []).length === 0) continue
      if (podEviction(pod, this.#worldOf(namespace, [rule], context))?.rules.includes(uid))
        pending.push(namespace)
    }
    return {
      ...(isRehearsal ? devicesOf(rule, context) : nothing),
      pendingPods: pending.length,
      pendingNamespaces: new Set(pending).size,
      evictedPods,
    }
  }
}

function devicesOf(rule: Rule, { cache }: ReconcileContext) {
  const pools = Map.groupBy(cache.of(ResourceSlice).list(), poolOf)
  const published = [...pools.values()]
    .flatMap(currentSlices)
    .flatMap(({ spec: { driver, pool, devices = [] } }) =>
      devices.map(({ name }) => ({ driver, pool: pool.name, device: name })),
    )
  const allocated = cache
    .of(ResourceClaim)
    .list()
    .flatMap(({ status }) => status?.allocation?.devices?.results ?? [])
  const isMine = (device: Parameters<typeof isForDevice>[1]): boolean => isForDevice(rule, device)
  return {
    publishedDevices: published.filter(isMine).length,
    allocatedDevices: allocated.filter(isMine).length,
  }
}
