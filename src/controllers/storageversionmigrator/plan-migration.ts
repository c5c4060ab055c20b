import type { storagemigration } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'

export type Migration = storagemigration.v1beta1.StorageVersionMigration

/** Upstream's condition types. */
export type MigrationState = 'Running' | 'Succeeded' | 'Failed'

/**
 * What a migration needs next: to be let in, the revision up to which objects are to be written, that writing, or
 * the end of its turn. Nothing: it waits for another of its resource, or is over.
 */
export type MigrationStep = 'begin' | 'note revision' | 'migrate' | 'end' | undefined

export const isInState = ({ status }: Migration, state: MigrationState): boolean =>
  (status?.conditions ?? []).some(({ type, status: holds }) => type === state && holds === 'True')

export const isOver = (migration: Migration): boolean =>
  isInState(migration, 'Succeeded') || isInState(migration, 'Failed')

const resourceOf = ({ spec }: Migration): string =>
  `${spec?.resource?.resource ?? ''}.${spec?.resource?.group ?? ''}`

export const isOfSameResource = (a: Migration, b: Migration): boolean => resourceOf(a) === resourceOf(b)

const nameOf = ({ metadata }: Migration): string => metadata?.name ?? ''
const madeMs = ({ metadata }: Migration): number => timeMs(metadata?.creationTimestamp ?? '')

/** Ages in whole seconds, as clients see them; then names. */
const isBefore = (a: Migration, b: Migration): boolean =>
  madeMs(a) === madeMs(b) ? nameOf(a) < nameOf(b) : madeMs(a) < madeMs(b)

/** One migration of a resource runs at a time; of those that wait the oldest is next. */
export function nextStep(migration: Migration, all: readonly Migration[]): MigrationStep {
  if (isInState(migration, 'Running')) {
    if (isOver(migration)) return 'end'
    return (migration.status?.resourceVersion ?? '') === '' ? 'note revision' : 'migrate'
  }
  if (isOver(migration)) return undefined
  const others = all.filter(
    (other) => nameOf(other) !== nameOf(migration) && isOfSameResource(other, migration),
  )
  const mustWait = others.some(
    (other) => isInState(other, 'Running') || (!isOver(other) && isBefore(other, migration)),
  )
  return mustWait ? undefined : 'begin'
}
