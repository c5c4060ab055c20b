import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn, since } from '../../columns.ts'
import { podSpecGates } from '../../core/pod/gated-fields.ts'
import { fill, set } from '../../defaulting.ts'
import type { batch, core } from '../../generated/types/index.ts'
import { selectorColumn, templateColumns } from '../../template-columns.ts'
import { podNameWarnings, templateWarnings } from '../../warnings.ts'
import { defaultJobTemplateSpec } from '../job/defaults.ts'
import { jobSpecWarnings } from '../job/warnings.ts'
import { validateCronJob } from './validate.ts'

type CronJob = batch.v1.CronJob

function defaultCronJob(job: CronJob): CronJob {
  if (job.spec === undefined) return job
  const spec = fill(job.spec, {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  })
  const template = spec.jobTemplate
  if (template?.spec === undefined) return set(job, 'spec', spec)
  const jobTemplate = set(template, 'spec', defaultJobTemplateSpec(template.spec))
  return set(job, 'spec', set(spec, 'jobTemplate', jobTemplate))
}

function warnings(job: CronJob, old: CronJob | undefined): readonly string[] {
  const found = [...podNameWarnings(job, old)]
  if (job.metadata?.generation !== old?.metadata?.generation)
    found.push(...jobSpecWarnings(job.spec?.jobTemplate?.spec, 'spec.jobTemplate.spec'))
  const templateOf = ({ spec }: CronJob): core.v1.PodTemplateSpec | undefined =>
    spec?.jobTemplate?.spec?.template
  found.push(...templateWarnings(job, old, templateOf, 'spec.jobTemplate.spec.template'))
  if (old !== undefined && job.spec?.schedule?.includes('TZ') === true)
    found.push(
      'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    )
  return found
}

export const CronJob = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  resource: 'cronjobs',
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.CronJob',
  shortNames: ['cj'],
  categories: ['all'],
  subresources: { status: {} },
  hasGeneration: true,
  gatedFields: podSpecGates('spec.jobTemplate.spec.template.spec'),
  defaults: defaultCronJob,
  validate: validateCronJob,
  warnings,
  columns: [
    nameColumn,
    { name: 'Schedule', type: 'string', value: ({ spec }) => spec?.schedule ?? '' },
    { name: 'Timezone', type: 'string', value: ({ spec }) => spec?.timeZone ?? '<none>' },
    {
      name: 'Suspend',
      type: 'boolean',
      value: ({ spec }) => (spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'),
    },
    { name: 'Active', type: 'integer', value: ({ status }) => status?.active?.length ?? 0 },
    {
      name: 'Last Schedule',
      type: 'string',
      since: ({ status }) => status?.lastScheduleTime,
      value: ({ status }, nowMs) =>
        status?.lastScheduleTime === undefined ? '<none>' : since(status.lastScheduleTime, nowMs),
    },
    ageColumn,
    ...templateColumns<CronJob>((job) => job.spec?.jobTemplate?.spec?.template),
    selectorColumn((job) => job.spec?.jobTemplate?.spec?.selector),
  ],
})
