import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { scopesOf } from '../../api/core/resource-quota/evaluators/evaluator.ts'
import {
  type AnyEvaluator,
  specialEvaluators,
} from '../../api/core/resource-quota/evaluators/evaluator-of.ts'
import { objectCount } from '../../api/core/resource-quota/evaluators/object-count.ts'
import { ResourceQuota } from '../../api/core/resource-quota/kind.ts'
import {
  amountsIn,
  countOf,
  listOf,
  only,
  plus,
  type QuotaAmounts,
  sameAmounts,
} from '../../api/core/resource-quota/quota-amounts.ts'
import { Service } from '../../api/core/service/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { DeviceClass } from '../../api/resource/device-class/kind.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import {
  type AnyController,
  type AnyKind,
  type AnyWatch,
  type Caches,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { controllerOf, keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { ObjectCounts } from './object-counts.ts'
import { countedResource, usageOf } from './quota-usage.ts'

type Quota = core.v1.ResourceQuota

export interface ResourceQuotaOptions {
  /** `--resource-quota-sync-period`; five minutes where absent. */
  readonly resyncMs?: number
}

const defaultResyncMs = 300_000

/** Until what was charged just before a count, and not yet seen by it, is seen for sure. */
const settleMs = 5_000

/** What is freed together is counted together. */
const spacingMs = 50

/** By the names of `specialEvaluators`. */
const specialKinds: readonly (readonly [name: string, kind: AnyKind])[] = [
  ['pods', Pod],
  ['services', Service],
  ['persistentvolumeclaims', PersistentVolumeClaim],
  ['resourceclaims.resource.k8s.io', ResourceClaim],
]

/** The quotas of a namespace that limit something that `counts` knows. */
const quotasOf = (quotas: readonly Quota[], counts: (name: string) => boolean): readonly Key[] =>
  quotas.filter(({ status }) => Object.keys(status?.hard ?? {}).some(counts)).map(keyOf)

/** Works out what is used of each quota: when it changes, when something is freed, and every five minutes. */
export function resourceQuotaController(
  kinds: KindSource,
  { resyncMs = defaultResyncMs }: ResourceQuotaOptions = {},
): AnyController {
  let counts: ObjectCounts | undefined
  let cache: Caches | undefined
  /** Quotas that count what is not served. */
  const waiting = new Set<Key>()

  const special = specialEvaluators({
    classes: () => cache?.of(DeviceClass).list() ?? [],
    pod: (namespace, name) => cache?.of(Pod).get(namespace, name),
    claimsOf: (namespace, podUid) =>
      (cache?.of(ResourceClaim).list(namespace) ?? []).filter((claim) => controllerOf(claim)?.uid === podUid),
  })

  const watchFor = ([name, kind]: readonly [string, AnyKind]): AnyWatch => {
    const evaluator = special.get(name)
    return watching<KubernetesObject>({
      kind,
      when: (object, old) =>
        object === undefined || (old !== undefined && (evaluator?.frees?.(object, old) ?? false)),
      keys: ({ metadata }, context) => {
        const quotas = context.cache.of(ResourceQuota).list(metadata?.namespace ?? '')
        return quotas.length === 0 ? [] : quotasOf(quotas, (each) => evaluator?.counts(each) ?? false)
      },
    })
  }

  async function countObjects(key: Key, quota: Quota, names: readonly string[]): Promise<QuotaAmounts> {
    const isScoped = scopesOf(quota).length > 0
    const { namespace = '' } = quota.metadata ?? {}
    const used = new Map(amountsIn(undefined))
    waiting.delete(key)
    for (const name of names) {
      const resource = countedResource(name)
      if (resource === undefined) continue
      const count = await counts?.countIn(resource, namespace)
      if (count === undefined) waiting.add(key)
      else used.set(name, countOf(isScoped ? 0 : count))
    }
    return used
  }

  async function usageNow(key: Key, quota: Quota, context: ReconcileContext): Promise<QuotaAmounts> {
    const { namespace = '' } = quota.metadata ?? {}
    const names = Object.keys(quota.spec?.hard ?? {})
    const scopes = scopesOf(quota)
    const countedBy = (evaluator: AnyEvaluator) => names.filter((name) => evaluator.counts(name))
    let used: QuotaAmounts = new Map()
    for (const [name, kind] of specialKinds) {
      const evaluator = special.get(name)
      const own = evaluator === undefined ? [] : countedBy(evaluator)
      if (evaluator === undefined || own.length === 0) continue
      const objects = context.cache.of(kind).list(namespace)
      used = plus(used, usageOf(evaluator, own, scopes, objects, context.host.now()))
    }
    const others = names.filter((name) => !used.has(name))
    return plus(used, await countObjects(key, quota, others))
  }

  async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
    cache = context.cache
    const quota = context.cache.of(ResourceQuota).get(...splitKey(key))
    if (quota === undefined) {
      waiting.delete(key)
      return done
    }
    const { spec, status } = quota
    const hard = amountsIn(spec?.hard)
    const known = amountsIn(status?.used)
    const used = only(new Map([...known, ...(await usageNow(key, quota, context))]), (name) => hard.has(name))
    const isCurrent =
      status?.hard !== undefined &&
      status.used !== undefined &&
      semanticallyEqual(spec?.hard, status.hard) &&
      sameAmounts(used, known)
    if (!isCurrent) {
      const next = { hard: listOf(hard), used: listOf(used) }
      await context.api.resource(ResourceQuota).updateStatus({ ...quota, status: next })
    }
    return requeueAfter(isCurrent ? resyncMs : settleMs)
  }

  return defineController({
    name: 'resourcequota',
    reconciles: ResourceQuota,
    // Admission writes the status with every object that it lets through: no reason to count anew.
    when: (quota, old) =>
      quota === undefined ||
      old === undefined ||
      !sameAmounts(amountsIn(quota.spec?.hard), amountsIn(old.spec?.hard)),
    watches: specialKinds.map(watchFor),
    reads: [DeviceClass],
    permissions: [
      { group: '', resources: ['resourcequotas/status'], verbs: ['update'] },
      { group: '*', resources: ['*'], verbs: ['list', 'watch'] },
    ],
    spacingMs,
    setUp: (setup) => {
      const quotas = setup.informers.informer(ResourceQuota).lister
      counts = new ObjectCounts(setup, kinds, (resource, namespace) => {
        const [name = '', ...group] = resource.split('.')
        const evaluator = objectCount(group.join('.'), name)
        for (const key of quotasOf(quotas.list(namespace), (each) => evaluator.counts(each)))
          setup.enqueue(key)
      })
      const leave = kinds.onChange(() => {
        for (const key of waiting) setup.enqueue(key)
      })
      setup.signal.addEventListener('abort', leave, { once: true })
    },
    reconcile,
  })
}
