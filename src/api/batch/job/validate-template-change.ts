import type { Features } from '../../../apimachinery/feature-gates.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import type { batch, core } from '../../generated/types/index.ts'
import { hasJobCondition } from './job-conditions.ts'

type Job = batch.v1.Job
type Template = core.v1.PodTemplateSpec
type PodSpec = core.v1.PodSpec

/** What of a suspended job's pods can be made otherwise. */
interface Mutable {
  readonly directives: boolean
  readonly resources: boolean
}

/** As long as it has no pods; where their gate is off, directives only before its first start (KEP-2926, KEP-5440). */
function mutableParts(job: Job, features: Features): Mutable {
  const { spec, status } = job
  const isFresh = status?.startTime === undefined
  const isIdle = (isFresh || hasJobCondition(job, 'Suspended')) && (status?.active ?? 0) === 0
  const canMove = features.enabled('MutableSchedulingDirectivesForSuspendedJobs') ? isIdle : isFresh
  const canGrow = features.enabled('MutablePodResourcesForSuspendedJobs') && isIdle
  return { directives: spec?.suspend === true && canMove, resources: spec?.suspend === true && canGrow }
}

/** `target` with fields as `source` has them, also where it lacks them. */
function withFieldsOf<T extends object>(target: T, source: T, fields: readonly (keyof T)[]): T {
  const next = { ...target }
  for (const field of fields) {
    if (source[field] === undefined) delete next[field]
    else next[field] = source[field]
  }
  return next
}

/** Only the affinity to nodes may change. */
function withNodeAffinityOf(old: PodSpec, next: PodSpec): PodSpec {
  const affinity = withFieldsOf(old.affinity ?? {}, next.affinity ?? {}, ['nodeAffinity'])
  const { affinity: _old, ...rest } = old
  const absent = Object.keys(affinity).length === 0 && next.affinity === undefined
  return absent ? rest : { ...rest, affinity }
}

/** The old template with everything that says where pods run taken from the new one. */
function withDirectivesOf(old: Template, next: Template): Template {
  const metadata = withFieldsOf(old.metadata ?? {}, next.metadata ?? {}, ['annotations', 'labels'])
  const nextSpec = next.spec ?? { containers: [] }
  const spec = withFieldsOf(withNodeAffinityOf(old.spec ?? { containers: [] }, nextSpec), nextSpec, [
    'nodeSelector',
    'tolerations',
    'schedulingGates',
  ])
  return { ...old, metadata, spec }
}

function withResourcesOf(
  old: readonly core.v1.Container[] = [],
  next: readonly core.v1.Container[] = [],
): readonly core.v1.Container[] {
  if (old.length !== next.length) return old
  return old.map((container, index) => {
    const other = next[index]
    return other === undefined || other.name !== container.name
      ? container
      : withFieldsOf(container, other, ['resources'])
  })
}

export function validateTemplateChange(
  job: Job,
  old: Job,
  features: Features,
  path: FieldPath,
  errors: FieldError[],
): void {
  const template: Template = job.spec?.template ?? {}
  const oldTemplate: Template = old.spec?.template ?? {}
  const { directives, resources } = mutableParts(old, features)
  const moved = directives ? withDirectivesOf(oldTemplate, template) : oldTemplate
  if (!resources) {
    validateImmutable(template, moved, path.child('template'), errors)
    return
  }
  const { initContainers, ...rest } = moved.spec ?? { containers: [] }
  const expected = {
    ...rest,
    containers: withResourcesOf(rest.containers, template.spec?.containers),
    ...(initContainers === undefined
      ? {}
      : { initContainers: withResourcesOf(initContainers, template.spec?.initContainers) }),
  }
  validateImmutable(template.spec, expected, path.child('template.spec'), errors)
}
