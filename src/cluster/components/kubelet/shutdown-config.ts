import { nonZero } from '../../../base/non-zero.ts'
import { type ShutdownPeriod, twoPeriods } from '../../../kubelet/shutdown/shutdown-periods.ts'
import { durationOf, type Fields, listOf, numberOf, only } from '../config-fields.ts'

export const shutdownFields: readonly string[] = [
  ...['shutdownGracePeriod', 'shutdownGracePeriodCriticalPods', 'shutdownGracePeriodByPodPriority'],
]

/** What pods get before the machine is switched off; none: they are not asked. Throws an Error in upstream's words. */
export function shutdownPeriods(fields: Fields): readonly ShutdownPeriod[] {
  const totalMs = durationOf(fields, 'shutdownGracePeriod') ?? 0
  const criticalMs = durationOf(fields, 'shutdownGracePeriodCriticalPods') ?? 0
  const byPriority = (listOf(fields, 'shutdownGracePeriodByPodPriority') ?? []).map((item, index) => {
    const where = `shutdownGracePeriodByPodPriority[${index}]`
    const period = only(item, where, ['priority', 'shutdownGracePeriodSeconds'])
    const seconds = numberOf(period, 'shutdownGracePeriodSeconds') ?? 0
    return { priority: numberOf(period, 'priority') ?? 0, seconds }
  })
  if (byPriority.length > 0 && (nonZero(totalMs) ?? nonZero(criticalMs)) !== undefined)
    throw new Error(
      'invalid configuration: Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time',
    )
  if (criticalMs > totalMs)
    throw new Error(
      `invalid configuration: shutdownGracePeriodCriticalPods ${criticalMs / 1000}s must be <= shutdownGracePeriod ${totalMs / 1000}s`,
    )
  for (const [name, ms] of [
    ['shutdownGracePeriod', totalMs],
    ['shutdownGracePeriodCriticalPods', criticalMs],
  ] as const)
    if (ms < 0 || (ms > 0 && ms < 1000))
      throw new Error(`invalid configuration: ${name} ${ms}ms must be either zero or otherwise >= 1 sec`)
  return byPriority.length > 0
    ? byPriority
    : twoPeriods(Math.trunc(totalMs / 1000), Math.trunc(criticalMs / 1000))
}
