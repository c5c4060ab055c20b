import type { resource } from '../../api/generated/types/index.ts'
import type { Condition } from '../../apimachinery/meta.ts'
import { formatTime, timeMs } from '../../apimachinery/time.ts'

type Rule = resource.v1beta2.DeviceTaintRule

/** What a rule does, or (with the effect None) would do. */
export interface RuleEffect {
  readonly publishedDevices: number
  readonly allocatedDevices: number
  readonly pendingPods: number
  readonly pendingNamespaces: number
  /** Since the controller was started. */
  readonly evictedPods: number
}

/** Between two changes of a rule's status. */
export const statusPeriodMs = 10_000

const type = 'EvictionInProgress'

const count = (amount: number, one: string, many = `${one}s`): string =>
  `${amount} ${amount === 1 ? one : many}`

const namespaces = (amount: number): string => count(amount, 'namespace', 'different namespaces')

function evicting({ pendingPods, pendingNamespaces, evictedPods }: RuleEffect) {
  if (pendingPods > 0) {
    const message = `${count(pendingPods, 'pod needs', 'pods need')} to be evicted in ${namespaces(pendingNamespaces)}.`
    return { status: 'True', reason: 'PodsPendingEviction', message }
  }
  return { status: 'False', reason: evictedPods > 0 ? 'Completed' : 'NotStarted', message: '' }
}

function rehearsed({ publishedDevices, allocatedDevices, pendingPods, pendingNamespaces }: RuleEffect) {
  const message =
    `${count(publishedDevices, 'published device')} selected. ` +
    `${count(allocatedDevices, 'allocated device')} selected. ` +
    `${count(pendingPods, 'pod')} would be evicted in ${namespaces(pendingNamespaces)} if the effect was NoExecute. ` +
    'This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.'
  return { status: 'False', reason: 'NoEffect', message }
}

function outcomeOf({ spec }: Rule, effect: RuleEffect) {
  if (spec.taint.effect === 'NoExecute') return evicting(effect)
  if (spec.taint.effect === 'None') return rehearsed(effect)
  const message = 'Eviction only happens for the NoExecute effect.'
  return { status: 'False', reason: 'OtherEffect', message }
}

const conditionOf = ({ status }: Rule): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type)

/** How long a rule's status has to stay as it is; 0: it may change. */
export function statusRestMs(rule: Rule, nowMs: number): number {
  const now = conditionOf(rule)
  if (now === undefined || now.observedGeneration !== rule.metadata?.generation) return 0
  return Math.max(0, timeMs(now.lastTransitionTime) + statusPeriodMs - nowMs)
}

/** A rule's condition as it is to be; undefined: as it is. Its time is that of its last change, be it of its words. */
export function nextCondition(rule: Rule, effect: RuleEffect, nowMs: number): Condition | undefined {
  const { status, reason, message } = outcomeOf(rule, effect)
  const { evictedPods } = effect
  const evicted = evictedPods > 0 ? `${count(evictedPods, 'pod')} evicted since starting the controller.` : ''
  const words = [message, evicted].filter((part) => part !== '').join(' ')
  const observedGeneration = rule.metadata?.generation ?? 0
  const now = conditionOf(rule)
  const isSame =
    now?.status === status &&
    now.reason === reason &&
    now.message === words &&
    now.observedGeneration === observedGeneration
  if (isSame) return undefined
  const lastTransitionTime = formatTime(nowMs)
  return { type, status, reason, message: words, observedGeneration, lastTransitionTime }
}
