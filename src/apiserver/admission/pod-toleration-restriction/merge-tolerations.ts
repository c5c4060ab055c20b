import type { core } from '../../../api/generated/types/index.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'

type Toleration = core.v1.Toleration

/** Whether `wide` tolerates all that `narrow` does. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (semanticallyEqual(wide, narrow)) return true
  const everyKey = (wide.key ?? '') === '' && wide.operator === 'Exists'
  if ((wide.key ?? '') !== (narrow.key ?? '') && !everyKey) return false
  const { effect = '' } = wide
  if (effect !== '' && effect !== (narrow.effect ?? '')) return false
  if (effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    const seconds = narrow.tolerationSeconds ?? Number.POSITIVE_INFINITY
    if (seconds > wide.tolerationSeconds) return false
  }
  if (wide.operator === 'Exists') return true
  const isEqual = (wide.operator ?? '') === '' || wide.operator === 'Equal'
  return isEqual && narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? '')
}

export const isCovered = (toleration: Toleration, allowed: readonly Toleration[]): boolean =>
  allowed.some((each) => covers(each, toleration))

/** All of them but for those that others cover; of equal ones the first stays. */
export function mergeTolerations(all: readonly Toleration[]): readonly Toleration[] {
  const merged: Toleration[] = []
  all.forEach((toleration, at) => {
    const later = all.slice(at + 1).filter((other) => !semanticallyEqual(other, toleration))
    if (!isCovered(toleration, merged) && !isCovered(toleration, later)) merged.push(toleration)
  })
  return merged
}
