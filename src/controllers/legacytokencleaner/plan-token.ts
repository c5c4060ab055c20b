import type { core } from '../../api/generated/types/index.ts'
import { formatTime, parseTime, timeMs } from '../../apimachinery/time.ts'

type Secret = core.v1.Secret

const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'

/** `2026-01-31` */
export const dateOf = (ms: number): string => formatTime(ms).slice(0, 10)

/** Midnight (UTC) of a date; undefined for a text that is none. */
export const dateMs = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseTime(`${text}T00:00:00Z`)

/** `invalidate`: it is marked and works no more; `delete`: it has been marked for long enough. */
export type TokenVerdict = 'keep' | 'invalidate' | 'delete'

/** What becomes of a token's Secret that a service account names and no pod mounts, if it has not been used for `periodMs`. */
export function judgeToken({ metadata }: Secret, periodMs: number, nowMs: number): TokenVerdict {
  const { creationTimestamp, deletionTimestamp, labels } = metadata ?? {}
  const oldestMs = nowMs - periodMs
  if (deletionTimestamp !== undefined || timeMs(creationTimestamp ?? '') >= oldestMs) return 'keep'
  const lastUsed = labels?.[lastUsedLabel]
  if (lastUsed !== undefined && (dateMs(lastUsed) === undefined || lastUsed >= dateOf(oldestMs)))
    return 'keep'
  const invalidSince = labels?.[invalidSinceLabel]
  if (invalidSince === undefined || dateMs(invalidSince) === undefined) return 'invalidate'
  return invalidSince >= dateOf(oldestMs) ? 'keep' : 'delete'
}
