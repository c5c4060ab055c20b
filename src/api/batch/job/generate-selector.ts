import type { batch } from '../../generated/types/index.ts'
import { jobNameLabel, legacyNameLabel, legacyUidLabel, uidLabel } from './labels.ts'

/**
 * Gives a new job a selector of its own, and its template the labels for it. What the client has set stays:
 * validation tells when it contradicts.
 */
export function withGeneratedSelector(job: batch.v1.Job): batch.v1.Job {
  const { spec, metadata: { name = '', uid = '' } = {} } = job
  if (spec === undefined || spec.manualSelector === true) return job
  const template = spec.template ?? {}
  const labels = {
    [legacyNameLabel]: name,
    [jobNameLabel]: name,
    [legacyUidLabel]: uid,
    [uidLabel]: uid,
    ...template.metadata?.labels,
  }
  // Labels that the job took over from its template are one with them: what the template gets the job has, too.
  const own = job.metadata?.labels ?? {}
  const shared = own === template.metadata?.labels || Object.keys(own).length === 0
  const matchLabels = { [uidLabel]: uid, ...spec.selector?.matchLabels }
  return {
    ...job,
    ...(shared ? { metadata: { ...job.metadata, labels } } : {}),
    spec: {
      ...spec,
      selector: { ...spec.selector, matchLabels },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}
