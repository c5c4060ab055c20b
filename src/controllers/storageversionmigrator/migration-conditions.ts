import { withStatusCondition } from '../../apimachinery/status-conditions.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { Migration, MigrationState } from './plan-migration.ts'

const reasons: Readonly<Record<MigrationState, string>> = {
  Running: 'MigrationRunning',
  Succeeded: 'StorageVersionMigrationSucceeded',
  Failed: 'StorageVersionMigrationFailed',
}

/** A copy that has come into a state; one that it has been in before stays as it was. */
export function inState(
  migration: Migration,
  type: MigrationState,
  message: string,
  nowMs: number,
): Migration {
  const { status } = migration
  const conditions = status?.conditions ?? []
  if (conditions.some((condition) => condition.type === type)) return migration
  const lastTransitionTime = formatTime(nowMs)
  const condition = { type, status: 'True', lastTransitionTime, reason: reasons[type], message }
  return { ...migration, status: { ...status, conditions: [...conditions, condition] } }
}

/** A copy whose turn is over. */
export function noLongerRunning(migration: Migration, nowMs: number): Migration {
  const { metadata, status } = migration
  const condition = {
    type: 'Running',
    status: 'False',
    reason: 'MigrationCompleted',
    message: 'Migration completed',
    ...(metadata?.generation === undefined ? {} : { observedGeneration: metadata.generation }),
  } as const
  return {
    ...migration,
    status: { ...status, conditions: withStatusCondition(status?.conditions, condition, nowMs) },
  }
}
