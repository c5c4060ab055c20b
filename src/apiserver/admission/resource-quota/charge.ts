import {
  counted,
  type ScopeRequirement,
  scopesOf,
} from '../../../api/core/resource-quota/evaluators/evaluator.ts'
import type { AnyEvaluator } from '../../../api/core/resource-quota/evaluators/evaluator-of.ts'
import {
  amountsIn,
  minus,
  nothing,
  only,
  plus,
  type QuotaAmounts,
  showAmounts,
  withoutZeros,
} from '../../../api/core/resource-quota/quota-amounts.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { statusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import { refuse } from '../refusal.ts'

type Quota = core.v1.ResourceQuota

/** A quota with what is used of it if all goes well that has been let through. */
export interface RunningQuota {
  readonly quota: Quota
  readonly hard: QuotaAmounts
  readonly used: QuotaAmounts
}

/** What nobody may use whom no quota allows it (`limitedResources` of the plugin's configuration). */
export interface LimitedResource {
  readonly apiGroup?: string
  readonly resource: string
  /** Parts of the names of what is limited. */
  readonly matchContains?: readonly string[]
  readonly matchScopes?: readonly ScopeRequirement[]
}

export const runningQuota = (quota: Quota): RunningQuota => ({
  quota,
  hard: amountsIn(quota.status?.hard),
  used: amountsIn(quota.status?.used),
})

const nameOf = ({ quota }: RunningQuota): string => quota.metadata?.name ?? ''

/** What the quota limits and objects like this one use. Throws where it cannot be judged. */
function checkConstraints(
  running: RunningQuota,
  attributes: AdmissionAttributes,
  evaluator: AnyEvaluator,
): readonly string[] {
  const names = [...running.hard.keys()].filter((name) => evaluator.counts(name)).sort()
  const problem = evaluator.problem?.(names, attributes.object)
  if (problem !== undefined) throw refuse(attributes, `failed quota: ${nameOf(running)}: ${problem}`)
  if (names.some((name) => !running.used.has(name)))
    throw refuse(attributes, `status unknown for quota: ${nameOf(running)}, resources: ${names.join(',')}`)
  return names
}

/** What the write adds; of an update only the difference. */
function deltas(
  interesting: readonly RunningQuota[],
  { operation, object, oldObject }: AdmissionAttributes,
  evaluator: AnyEvaluator,
  usage: QuotaAmounts,
  nowMs: number,
): { readonly of: (running: RunningQuota) => QuotaAmounts; readonly uncovered: QuotaAmounts } {
  const isUpdate = operation === 'UPDATE' && (oldObject?.metadata?.resourceVersion ?? '') !== ''
  if (!isUpdate || object === undefined)
    return { of: () => withoutZeros(usage), uncovered: withoutZeros(usage) }
  const more = withoutZeros(minus(usage, evaluator.usage(oldObject, nowMs)))
  const grown = new Map(
    interesting.map((running) => [
      running,
      counted(evaluator, running.quota, oldObject) ? more : withoutZeros(usage),
    ]),
  )
  return { of: (running) => grown.get(running) ?? nothing, uncovered: more }
}

/** Names of `usage` that some quota has to cover. */
function limitedNames(
  usage: QuotaAmounts,
  { resource: { group, resource } }: AdmissionAttributes,
  limited: readonly LimitedResource[],
): readonly string[] {
  const parts = limited
    .filter((each) => (each.apiGroup ?? '') === group && each.resource === resource)
    .flatMap(({ matchContains = [] }) => matchContains)
  const used = [...only(usage, (_name, { nano }) => nano > 0n).keys()]
  return used.filter((name) => parts.some((part) => name.includes(part)))
}

const showScope = ({ scopeName, operator, values = [] }: ScopeRequirement): string =>
  `{${scopeName} ${operator} [${values.join(' ')}]}`

function checkLimited(
  quotas: readonly RunningQuota[],
  covered: ReadonlySet<string>,
  attributes: AdmissionAttributes,
  evaluator: AnyEvaluator,
  usage: QuotaAmounts,
  limited: readonly LimitedResource[],
): void {
  const { object } = attributes
  const bare = limitedNames(usage, attributes, limited).filter((name) => !covered.has(name))
  if (bare.length > 0)
    throw refuse(attributes, `insufficient quota to consume: ${[...new Set(bare)].sort().join(',')}`)
  const matching = (scopes: readonly ScopeRequirement[]): readonly ScopeRequirement[] =>
    scopes.filter((scope) => evaluator.matchesScope?.(scope, object) ?? false)
  const known = matching(quotas.flatMap(({ quota }) => scopesOf(quota)))
  const uncovered = matching(limited.flatMap(({ matchScopes = [] }) => matchScopes)).filter(
    ({ scopeName }) => !known.some((scope) => scope.scopeName === scopeName),
  )
  if (uncovered.length > 0)
    throw statusError('', `insufficient quota to match these scopes: [${uncovered.map(showScope).join(' ')}]`)
}

/** The quota with the write charged. Throws where that is too much. */
function withCharge(
  running: RunningQuota,
  attributes: AdmissionAttributes,
  delta: QuotaAmounts,
): RunningQuota {
  const { hard } = running
  const requested = only(delta, (name) => hard.has(name))
  const used = plus(running.used, requested)
  const exceeded = new Set(
    [...requested.keys()].filter((name) => (used.get(name)?.nano ?? 0n) > (hard.get(name)?.nano ?? 0n)),
  )
  // What has happened already is charged, whatever the limit.
  if (exceeded.size === 0 || attributes.subresource === 'status') return { ...running, used }
  const show = (amounts: QuotaAmounts): string => showAmounts(only(amounts, (name) => exceeded.has(name)))
  throw refuse(
    attributes,
    `exceeded quota: ${nameOf(running)}, requested: ${show(requested)}, used: ${show(running.used)}, limited: ${show(hard)}`,
  )
}

/** The quotas of a namespace with the write charged; the same ones where it uses nothing. Throws where a quota does not allow it. */
export function charge(
  quotas: readonly RunningQuota[],
  attributes: AdmissionAttributes,
  evaluator: AnyEvaluator,
  limited: readonly LimitedResource[],
  nowMs: number,
): readonly RunningQuota[] {
  const { object } = attributes
  const interesting = quotas.filter(({ quota }) => counted(evaluator, quota, object))
  const covered = new Set(interesting.flatMap((running) => checkConstraints(running, attributes, evaluator)))
  const usage = evaluator.usage(object, nowMs)
  const negative = [...only(usage, (_name, { nano }) => nano < 0n).keys()].sort()
  if (negative.length > 0)
    throw refuse(attributes, `quota usage is negative for resource(s): ${negative.join(',')}`)
  const { of, uncovered } = deltas(interesting, attributes, evaluator, usage, nowMs)
  const changes =
    interesting.length === 0 ? uncovered.size > 0 : interesting.some((each) => of(each).size > 0)
  if (!changes) return quotas
  checkLimited(quotas, covered, attributes, evaluator, usage, limited)
  return quotas.map((running) => {
    const delta = interesting.includes(running) ? of(running) : nothing
    return delta.size === 0 ? running : withCharge(running, attributes, delta)
  })
}
