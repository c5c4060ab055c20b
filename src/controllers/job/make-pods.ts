import { Job as JobKind } from '../../api/batch/job/kind.ts'
import {
  completionIndexKey,
  indexFailuresKey,
  indexIgnoredFailuresKey,
  trackingFinalizer,
} from '../../api/batch/job/labels.ts'
import type { core } from '../../api/generated/types/index.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import { podFromTemplate } from '../../reconcile/pod-from-template.ts'
import { ignoredIndexFailures, indexFailures } from './back-off.ts'
import { judgeFailure } from './failure-policy.ts'
import { inGroup } from './gang.ts'
import { isIndexed, type Job, type Pod } from './job-pod.ts'
import type { JobView } from './observe-job.ts'

const indexVariable: core.v1.EnvVar = {
  name: 'JOB_COMPLETION_INDEX',
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${completionIndexKey}']` } },
}

/** What the API server leaves of a name that it completes. */
const maxNamePrefix = 58

const withVariable = (container: core.v1.Container): core.v1.Container =>
  container.env?.some(({ name }) => name === indexVariable.name) === true
    ? container
    : { ...container, env: [...(container.env ?? []), indexVariable] }

function withVariables(spec: core.v1.PodSpec): core.v1.PodSpec {
  const { containers, initContainers } = spec
  return {
    ...spec,
    containers: containers.map(withVariable),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(withVariable) }),
  }
}

/** The pod of a job without what differs from one to the next. */
function commonPod(job: Job): Pod {
  const pod = podFromTemplate(job.spec?.template, job, controllerReference(JobKind, job))
  const { finalizers = [] } = pod.metadata ?? {}
  const metadata = finalizers.includes(trackingFinalizer)
    ? pod.metadata
    : { ...pod.metadata, finalizers: [...finalizers, trackingFinalizer] }
  const { spec } = pod
  return {
    ...pod,
    ...(metadata === undefined ? {} : { metadata }),
    ...(spec === undefined || !isIndexed(job) ? {} : { spec: withVariables(spec) }),
  }
}

function namePrefix(jobName: string, index: number): string {
  const ending = `-${index}-`
  const prefix = `${jobName}${ending}`
  return prefix.length > maxNamePrefix ? `${prefix.slice(0, maxNamePrefix - ending.length)}${ending}` : prefix
}

/** Failures of an index go on to its next pod. */
function failureAnnotations(job: Job, last: Pod | undefined): Readonly<Record<string, string>> {
  const { podFailurePolicy, backoffLimitPerIndex } = job.spec ?? {}
  if (backoffLimitPerIndex === undefined) return {}
  if (last === undefined) return { [indexFailuresKey]: '0' }
  const { counts } = judgeFailure(podFailurePolicy, last)
  const failures = indexFailures(last) + (counts ? 1 : 0)
  const ignored = ignoredIndexFailures(last) + (counts ? 0 : 1)
  return {
    [indexFailuresKey]: String(failures),
    ...(ignored > 0 ? { [indexIgnoredFailuresKey]: String(ignored) } : {}),
  }
}

function podOfIndex({ job, indexes }: JobView, common: Pod, index: number): Pod {
  const { metadata = {}, spec = { containers: [] } } = common
  const name = job.metadata?.name ?? ''
  const mark = { [completionIndexKey]: String(index) }
  return {
    ...common,
    metadata: {
      ...metadata,
      generateName: namePrefix(name, index),
      annotations: {
        ...metadata.annotations,
        ...mark,
        ...failureAnnotations(job, indexes?.lastFailed.get(index)),
      },
      labels: { ...metadata.labels, ...mark },
    },
    spec: { ...spec, hostname: `${name}-${index}` },
  }
}

/** The pods that a job lacks: one for each index, undefined for a job without. */
export function makePods(view: JobView, indexes: readonly (number | undefined)[]): readonly Pod[] {
  const pod = commonPod(view.job)
  const common = view.group === undefined ? pod : inGroup(pod, view.group)
  return indexes.map((index) => (index === undefined ? common : podOfIndex(view, common, index)))
}
