import { StorageVersionMigration } from '../../api/storagemigration/storage-version-migration/kind.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { timeMs } from '../../apimachinery/time.ts'
import {
  type AnyController,
  type AnyKind,
  defineController,
  done,
  type ReconcileContext,
  RetryError,
  watching,
} from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { markMigrated, markMigrating } from './mark-definition.ts'
import { inState, noLongerRunning } from './migration-conditions.ts'
import { isInState, isOfSameResource, type Migration, nextStep } from './plan-migration.ts'
import { currentRevision, rewriteObjects } from './rewrite-objects.ts'

/** How long a new migration waits for its resource to be served. */
const discoveryMs = 60_000

const neededVerbs = ['update', 'patch', 'list'] as const

const write = async (migration: Migration, { api }: ReconcileContext): Promise<void> => {
  await api.resource(StorageVersionMigration).updateStatus(migration)
}

const fail = (migration: Migration, message: string, context: ReconcileContext): Promise<void> =>
  write(inState(migration, 'Failed', message, context.host.now()), context)

const unhandled = (why: string): string => `migration encountered unhandled error: ${why}`

/** The kind of a migration's resource; undefined when it is not served and will not be soon. */
async function servedKind(
  { metadata, spec }: Migration,
  kinds: KindSource,
  nowMs: number,
): Promise<AnyKind | undefined> {
  const find = (): AnyKind | undefined => {
    const { group = '', resource = '' } = spec?.resource ?? {}
    return kinds.list().find((kind) => kind.group === group && kind.resource === resource)
  }
  const known = find()
  if (known !== undefined) return known
  await kinds.refresh()
  const found = find()
  if (found === undefined && nowMs < timeMs(metadata?.creationTimestamp ?? '') + discoveryMs)
    throw new RetryError('the resource of a migration is not served yet')
  return found
}

async function noteRevision(
  migration: Migration,
  kinds: KindSource,
  context: ReconcileContext,
): Promise<void> {
  const kind = await servedKind(migration, kinds, context.host.now())
  if (kind === undefined) return fail(migration, 'resource does not exist in discovery', context)
  if (!neededVerbs.every((verb) => kind.verbs.includes(verb))) {
    const resource = goQuote(`${kind.group}/${kind.version}, Resource=${kind.resource}`)
    const verbs = `[${neededVerbs.join(' ')}]`
    return fail(migration, `resource ${resource} does not support discovery operations: ${verbs}`, context)
  }
  const resourceVersion = await currentRevision(context.api, kind)
  await write({ ...migration, status: { ...migration.status, resourceVersion } }, context)
}

async function migrate(migration: Migration, kinds: KindSource, context: ReconcileContext): Promise<void> {
  const kind = await servedKind(migration, kinds, context.host.now())
  if (kind === undefined) return fail(migration, unhandled('unable to obtain GVR from discovery'), context)
  const revision = Number(migration.status?.resourceVersion)
  const failure = await rewriteObjects(context.api, kind, revision)
  if (failure !== undefined) return fail(migration, unhandled(failure.message), context)
  await write(inState(migration, 'Succeeded', '', context.host.now()), context)
}

/** Writes the objects of a resource again, so that all of them are stored in the version that is stored now. */
export function storageVersionMigrator(kinds: KindSource): AnyController {
  return defineController({
    name: 'storage-version-migrator',
    reconciles: StorageVersionMigration,
    watches: [
      watching({
        kind: StorageVersionMigration,
        // Whoever ends lets in the next.
        keys: (migration, { cache }) =>
          cache
            .of(StorageVersionMigration)
            .list()
            .filter((other) => isOfSameResource(other, migration))
            .map(({ metadata }) => metadata?.name ?? ''),
      }),
    ],
    permissions: [
      { group: '*', resources: ['*'], verbs: ['create', 'list', 'patch'] },
      {
        group: 'storagemigration.k8s.io',
        resources: ['storageversionmigrations/status'],
        verbs: ['update'],
      },
      {
        group: 'apiextensions.k8s.io',
        resources: ['customresourcedefinitions', 'customresourcedefinitions/status'],
        verbs: ['get', 'patch'],
      },
    ],
    reconcile: async (name, context) => {
      const migrations = context.cache.of(StorageVersionMigration)
      const migration = migrations.get('', name)
      if (migration === undefined) return done
      const nowMs = context.host.now()
      switch (nextStep(migration, migrations.list())) {
        case 'begin':
          await markMigrating(migration, context)
          await write(inState(migration, 'Running', 'The migration is running', nowMs), context)
          break
        case 'note revision':
          await noteRevision(migration, kinds, context)
          break
        case 'migrate':
          await migrate(migration, kinds, context)
          break
        case 'end':
          await markMigrated(migration, isInState(migration, 'Succeeded'), context)
          await write(noLongerRunning(migration, nowMs), context)
          break
        case undefined:
          break
      }
      return done
    },
  })
}
