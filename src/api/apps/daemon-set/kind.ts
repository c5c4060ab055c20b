import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { defaultPodTemplate } from '../../core/pod/defaults/pod-spec-defaults.ts'
import { podSpecGates } from '../../core/pod/gated-fields.ts'
import { fill, set } from '../../defaulting.ts'
import type { apps } from '../../generated/types/index.ts'
import { formatLabels, selectorColumn, templateColumns } from '../../template-columns.ts'
import { templateWarnings } from '../../warnings.ts'
import {
  prepareForUpdate,
  withFirstGeneration,
  withoutGeneration,
  withSomeGeneration,
} from './template-generation.ts'
import { validateDaemonSet } from './validate.ts'

function defaultStrategy(strategy: apps.v1.DaemonSetUpdateStrategy = {}): apps.v1.DaemonSetUpdateStrategy {
  const typed = fill(strategy, { type: 'RollingUpdate' })
  if (typed.type !== 'RollingUpdate') return typed
  const rollingUpdate = fill(typed.rollingUpdate ?? {}, { maxUnavailable: 1, maxSurge: 0 })
  return set(typed, 'rollingUpdate', rollingUpdate)
}

function defaultDaemonSet(daemonSet: apps.v1.DaemonSet): apps.v1.DaemonSet {
  if (daemonSet.spec === undefined) return withSomeGeneration(daemonSet)
  let spec = fill(daemonSet.spec, { revisionHistoryLimit: 10 })
  spec = set(spec, 'updateStrategy', defaultStrategy(spec.updateStrategy))
  if (spec.template !== undefined) spec = set(spec, 'template', defaultPodTemplate(spec.template))
  return set(withSomeGeneration(daemonSet), 'spec', spec)
}

const noneScheduled: apps.v1.DaemonSetStatus = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
}

export const DaemonSet = defineKind<apps.v1.DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.DaemonSet',
  shortNames: ['ds'],
  categories: ['all'],
  subresources: { status: {} },
  hasGeneration: true,
  gatedFields: podSpecGates('spec.template.spec'),
  defaults: defaultDaemonSet,
  prepareForCreate: (daemonSet) => withFirstGeneration({ ...daemonSet, status: noneScheduled }),
  prepareForUpdate,
  validate: validateDaemonSet,
  warnings: (daemonSet, old) =>
    templateWarnings(daemonSet, old, ({ spec }) => spec?.template, 'spec.template'),
  partialMetadata: withoutGeneration,
  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', value: ({ status }) => status?.desiredNumberScheduled ?? 0 },
    { name: 'Current', type: 'integer', value: ({ status }) => status?.currentNumberScheduled ?? 0 },
    { name: 'Ready', type: 'integer', value: ({ status }) => status?.numberReady ?? 0 },
    { name: 'Up-to-date', type: 'integer', value: ({ status }) => status?.updatedNumberScheduled ?? 0 },
    { name: 'Available', type: 'integer', value: ({ status }) => status?.numberAvailable ?? 0 },
    {
      name: 'Node Selector',
      type: 'string',
      value: ({ spec }) => formatLabels(spec?.template.spec?.nodeSelector),
    },
    ageColumn,
    ...templateColumns<apps.v1.DaemonSet>((daemonSet) => daemonSet.spec?.template),
    selectorColumn((daemonSet) => daemonSet.spec?.selector),
  ],
})
