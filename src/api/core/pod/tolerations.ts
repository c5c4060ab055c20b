import type { core } from '../../generated/types/index.ts'

/** `0`, `-7`, `12`; not `+1`, `007` or `-0`. */
export const isDecimalInteger = (text: string): boolean => /^(0|-?[1-9]\d*)$/.test(text)

/** Comparing operators come into objects only where their gate is on. */
function compares({ operator, value = '' }: core.v1.Toleration, taint: core.v1.Taint): boolean {
  const numbers = [taint.value ?? '', value].map((text) =>
    isDecimalInteger(text) ? BigInt(text) : undefined,
  )
  const [actual, limit] = numbers.map((each) =>
    each !== undefined && BigInt.asIntN(64, each) === each ? each : undefined,
  )
  if (actual === undefined || limit === undefined) return false
  return operator === 'Lt' ? actual < limit : actual > limit
}

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
    case 'Lt':
    case 'Gt':
      return key !== '' && compares(toleration, taint)
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
