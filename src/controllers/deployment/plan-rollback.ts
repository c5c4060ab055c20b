import type { apps } from '../../api/generated/types/index.ts'
import { byRevision, integer, revisionOf, rollbackAnnotation, rolledBackAnnotations } from './annotations.ts'
import { sameTemplate, templateHashLabel } from './replica-sets.ts'

type Deployment = apps.v1.Deployment
type ReplicaSet = apps.v1.ReplicaSet

export interface RollbackPlan {
  /** Without the wish, and with the old template where it could be fulfilled. */
  readonly deployment: Deployment
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

function withoutWish(deployment: Deployment): Deployment {
  const { [rollbackAnnotation]: _wish, ...annotations } = deployment.metadata?.annotations ?? {}
  return { ...deployment, metadata: { ...deployment.metadata, annotations } }
}

/** The second highest revision: what was there before the last change. 0 where there is none. */
function lastRevision(sets: readonly ReplicaSet[]): bigint {
  const last = sets.toSorted(byRevision).at(-2)
  return last === undefined ? 0n : revisionOf(last)
}

function restored(deployment: Deployment, set: ReplicaSet): Deployment {
  const template = set.spec?.template
  const { [templateHashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {}
  const plain = withoutWish({
    ...deployment,
    metadata: { ...deployment.metadata, annotations: rolledBackAnnotations(deployment, set) },
  })
  if (plain.spec === undefined) return plain
  return {
    ...plain,
    spec: { ...plain.spec, template: { ...template, metadata: { ...template?.metadata, labels } } },
  }
}

/** What a rollback asked for by the annotation of extensions/v1beta1 comes to; undefined where none is asked for. */
export function planRollback(deployment: Deployment, sets: readonly ReplicaSet[]): RollbackPlan | undefined {
  const wanted = integer(deployment.metadata?.annotations?.[rollbackAnnotation])
  if (wanted === undefined) return undefined
  const name = deployment.metadata?.name
  const refused = (reason: string, message: string): RollbackPlan => ({
    deployment: withoutWish(deployment),
    type: 'Warning',
    reason,
    message,
  })
  const revision = wanted === 0n ? lastRevision(sets) : wanted
  if (revision === 0n) return refused('DeploymentRollbackRevisionNotFound', 'Unable to find last revision.')
  const set = sets.find((candidate) => revisionOf(candidate) === revision)
  if (set === undefined) {
    return refused('DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.')
  }
  if (sameTemplate(deployment.spec?.template, set.spec?.template)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`
    return refused('DeploymentRollbackTemplateUnchanged', message)
  }
  return {
    deployment: restored(deployment, set),
    type: 'Normal',
    reason: 'DeploymentRollback',
    message: `Rolled back deployment "${name}" to revision ${revision}`,
  }
}
