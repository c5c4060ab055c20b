import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { defaultPodTemplate } from '../../core/pod/defaults/pod-spec-defaults.ts'
import { podSpecGates } from '../../core/pod/gated-fields.ts'
import { fill, set } from '../../defaulting.ts'
import type { apps } from '../../generated/types/index.ts'
import { selectorColumn, templateColumns } from '../../template-columns.ts'
import { workloadWarnings } from '../../warnings.ts'
import { validateReplicaSet } from './validate.ts'

function defaultReplicaSet(replicaSet: apps.v1.ReplicaSet): apps.v1.ReplicaSet {
  if (replicaSet.spec === undefined) return replicaSet
  let spec = fill(replicaSet.spec, { replicas: 1 })
  if (spec.template !== undefined) spec = set(spec, 'template', defaultPodTemplate(spec.template))
  return set(replicaSet, 'spec', spec)
}

export const ReplicaSet = defineKind<apps.v1.ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: {
    status: {},
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },
  hasGeneration: true,
  gatedFields: [
    ...podSpecGates('spec.template.spec'),
    { gate: 'DeploymentReplicaSetTerminatingReplicas', paths: ['status.terminatingReplicas'] },
  ],
  defaults: defaultReplicaSet,
  prepareForCreate: (replicaSet) => ({ ...replicaSet, status: { replicas: 0 } }),
  validate: validateReplicaSet,
  warnings: workloadWarnings,
  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', value: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', type: 'integer', value: ({ status }) => status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', value: ({ status }) => status?.readyReplicas ?? 0 },
    ageColumn,
    ...templateColumns<apps.v1.ReplicaSet>((replicaSet) => replicaSet.spec?.template),
    selectorColumn((replicaSet) => replicaSet.spec?.selector),
  ],
})
