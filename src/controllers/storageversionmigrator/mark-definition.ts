import {
  conditionOf,
  type Definition,
  type DefinitionCondition,
  storageVersionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition/kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import type { Migration } from './plan-migration.ts'

const fieldManager = 'migration-runner-controller'

type Marked = Pick<DefinitionCondition, 'status' | 'reason' | 'message'>

interface Mark {
  readonly condition: Marked
  /** Absent: they stay as they are. */
  readonly storedVersions?: readonly string[]
}

/** Writes what `markOf` says of the definition that defines a migration's resource; built-in resources have none. */
async function mark(
  { spec }: Migration,
  { api, host }: ReconcileContext,
  markOf: (definition: Definition) => Mark,
): Promise<void> {
  const { resource = '', group = '' } = spec?.resource ?? {}
  const name = `${resource}.${group}`
  const definitions = api.resource(CustomResourceDefinition)
  let definition: Definition
  try {
    definition = await definitions.get('', name)
  } catch (error) {
    if (isStatus(error, 'NotFound')) return
    throw error
  }
  const { generation, resourceVersion = '' } = definition.metadata ?? {}
  const { condition, storedVersions } = markOf(definition)
  const migrating = {
    type: 'StorageMigrating',
    ...condition,
    lastTransitionTime: formatTime(host.now()),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
  const status = { conditions: [migrating], ...(storedVersions === undefined ? {} : { storedVersions }) }
  // A definition that changes at this moment is one of which this may not be true.
  const change: KubernetesObject = { metadata: { name, resourceVersion }, ...{ status } }
  await api
    .resource<KubernetesObject>(CustomResourceDefinition)
    .apply(change, { fieldManager, force: true, subresource: 'status' })
}

/** A migration of its objects has begun. */
export const markMigrating = (migration: Migration, context: ReconcileContext): Promise<void> =>
  mark(migration, context, () => ({
    condition: {
      status: 'True',
      reason: 'MigrationRunning',
      message: `Migration ${migration.metadata?.name} is running`,
    },
  }))

/** It is over. Where it succeeded and nobody has changed the definition since it began, only one version is stored. */
export const markMigrated = (
  migration: Migration,
  succeeded: boolean,
  context: ReconcileContext,
): Promise<void> => mark(migration, context, (definition) => outcomeOf(definition, succeeded))

function outcomeOf(definition: Definition, succeeded: boolean): Mark {
  const begun = conditionOf(definition, 'StorageMigrating')
  const isUnchanged = begun !== undefined && begun.observedGeneration === definition.metadata?.generation
  const version = storageVersionOf(definition)?.name
  const storedVersions = isUnchanged && version !== undefined ? { storedVersions: [version] } : {}
  if (!succeeded) {
    const condition = { status: 'False', reason: 'MigrationFailed', message: 'The migration has failed' }
    return { condition, ...storedVersions }
  }
  const versions = isUnchanged
    ? ' and the stored versions have been updated'
    : ' but the stored versions have not been updated due to a generation mismatch'
  const message = `The migration has succeeded${versions}`
  return { condition: { status: 'False', reason: 'MigrationSucceeded', message }, ...storedVersions }
}
