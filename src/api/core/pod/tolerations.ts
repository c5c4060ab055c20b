import type { core } from '../../generated/types/index.ts'

/** Whether `toleration` covers `taint`: same effect (or any), same key (or any), and the value as its operator asks. */
export function toleratesTaint(toleration: core.v1.Toleration, taint: core.v1.Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect)
    return false
  const key = toleration.key ?? ''
  if (key !== '' && key !== taint.key) return false
  switch (toleration.operator ?? 'Equal') {
    case '':
    case 'Equal':
      return key !== '' && (toleration.value ?? '') === (taint.value ?? '')
    case 'Exists':
      return true
    default:
      return false
  }
}

export function toleratesTaints(
  tolerations: readonly core.v1.Toleration[] | undefined,
  taint: core.v1.Taint,
): boolean {
  return (tolerations ?? []).some((toleration) => toleratesTaint(toleration, taint))
}

/** The first taint with one of `effects` that nothing tolerates. */
export function untoleratedTaint(
  taints: readonly core.v1.Taint[] | undefined,
  tolerations: readonly core.v1.Toleration[] | undefined,
  effects: readonly string[],
): core.v1.Taint | undefined {
  return (taints ?? []).find(
    (taint) => effects.includes(taint.effect) && !toleratesTaints(tolerations, taint),
  )
}
