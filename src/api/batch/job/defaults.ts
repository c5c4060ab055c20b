import { defaultPodTemplate } from '../../core/pod/defaults/pod-spec-defaults.ts'
import { fill, fillUnset, mapSame, set } from '../../defaulting.ts'
import type { batch } from '../../generated/types/index.ts'

const unlimited = 2 ** 31 - 1

function defaultRule(rule: batch.v1.PodFailurePolicyRule): batch.v1.PodFailurePolicyRule {
  if (rule.onPodConditions === undefined) return rule
  const patterns = mapSame(rule.onPodConditions, (pattern) => fill(pattern, { status: 'True' }))
  return set(rule, 'onPodConditions', patterns)
}

/** What a job and the template of a CronJob's jobs have in common. */
export function defaultJobTemplateSpec(spec: batch.v1.JobSpec): batch.v1.JobSpec {
  let next = spec
  if (spec.template !== undefined) next = set(next, 'template', defaultPodTemplate(spec.template))
  const policy = spec.podFailurePolicy
  if (!policy?.rules) return next
  return set(next, 'podFailurePolicy', set(policy, 'rules', mapSame(policy.rules, defaultRule)))
}

function defaultSpec(spec: batch.v1.JobSpec): batch.v1.JobSpec {
  const single = spec.completions === undefined && spec.parallelism === undefined
  return fillUnset(defaultJobTemplateSpec(spec), {
    ...(single ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : unlimited,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
  })
}

export function defaultJob(job: batch.v1.Job): batch.v1.Job {
  if (job.spec === undefined) return job
  const next = set(job, 'spec', defaultSpec(job.spec))
  const labels = next.spec?.template?.metadata?.labels
  if (labels === undefined || Object.keys(job.metadata?.labels ?? {}).length > 0) return next
  return { ...next, metadata: { ...next.metadata, labels } }
}
