import { defineKind } from '../../../apimachinery/define-kind.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { timeMs } from '../../../apimachinery/time.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { podSpecGates } from '../../core/pod/gated-fields.ts'
import type { batch } from '../../generated/types/index.ts'
import { humanDuration } from '../../human-duration.ts'
import { selectorColumn, templateColumns } from '../../template-columns.ts'
import { podNameWarnings, templateWarnings } from '../../warnings.ts'
import { defaultJob } from './defaults.ts'
import { withGeneratedSelector } from './generate-selector.ts'
import { hasJobCondition } from './job-conditions.ts'
import { validateJob } from './validate.ts'
import { jobSpecWarnings } from './warnings.ts'

type Job = batch.v1.Job

function completionsOf({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

const runningSince = ({ status }: Job): string | undefined =>
  status?.completionTime === undefined ? status?.startTime : undefined

function durationOf({ status }: Job, nowMs: number): string {
  const { startTime, completionTime } = status ?? {}
  if (startTime === undefined) return ''
  return humanDuration((completionTime === undefined ? nowMs : timeMs(completionTime)) - timeMs(startTime))
}

function statusOf(job: Job): string {
  const firstOf = (...types: readonly string[]): string | undefined =>
    types.find((type) => hasJobCondition(job, type))
  const finished = firstOf('Complete', 'Failed')
  if (finished !== undefined) return finished
  if (job.metadata?.deletionTimestamp !== undefined) return 'Terminating'
  return firstOf('Suspended', 'FailureTarget', 'SuccessCriteriaMet') ?? 'Running'
}

function warnings(job: Job, old: Job | undefined): readonly string[] {
  const changed = job.metadata?.generation !== old?.metadata?.generation
  return [
    ...podNameWarnings(job, old),
    ...(changed ? jobSpecWarnings(job.spec, 'spec') : []),
    ...templateWarnings(job, old, ({ spec }) => spec?.template, 'spec.template'),
  ]
}

export const Job = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  resource: 'jobs',
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.Job',
  changedMetadata: ['whole', 'change'],
  categories: ['all'],
  subresources: { status: {} },
  hasGeneration: true,
  orphansDependents: true,
  orphansWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  unselectable: (field) => `field label ${goQuote(field)} not supported for Job`,
  gatedFields: podSpecGates('spec.template.spec'),
  defaults: defaultJob,
  prepareForCreate: (job) => ({ ...withGeneratedSelector(job), status: {} }),
  validate: validateJob,
  warnings,
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', value: statusOf },
    { name: 'Completions', type: 'string', value: completionsOf },
    {
      name: 'Duration',
      type: 'string',
      since: runningSince,
      value: durationOf,
    },
    ageColumn,
    ...templateColumns<Job>((job) => job.spec?.template),
    selectorColumn((job) => job.spec?.selector),
  ],
})
