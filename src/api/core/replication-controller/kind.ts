import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fill, set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { formatLabels, templateColumns } from '../../template-columns.ts'
import { workloadWarnings } from '../../warnings.ts'
import { defaultPodTemplate } from '../pod/defaults/pod-spec-defaults.ts'
import { podSpecGates } from '../pod/gated-fields.ts'
import { validateReplicationController } from './validate.ts'

type ReplicationController = core.v1.ReplicationController

const isEmpty = (map: object | undefined): boolean => Object.keys(map ?? {}).length === 0

/** What it does not say about labels, the template says. */
function defaultController(controller: ReplicationController): ReplicationController {
  if (controller.spec === undefined) return controller
  let next = controller
  let spec = fill(controller.spec, { replicas: 1 })
  if (spec.template !== undefined) spec = set(spec, 'template', defaultPodTemplate(spec.template))
  const labels = spec.template?.metadata?.labels
  if (labels !== undefined) {
    if (isEmpty(spec.selector)) spec = { ...spec, selector: labels }
    if (isEmpty(controller.metadata?.labels))
      next = { ...controller, metadata: { ...controller.metadata, labels } }
  }
  return set(next, 'spec', spec)
}

export const ReplicationController = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ReplicationController',
  nameRule: 'long-name',
  shortNames: ['rc'],
  categories: ['all'],
  subresources: {
    status: {},
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },
  storagePrefix: 'controllers',
  hasGeneration: true,
  orphansDependents: true,
  gatedFields: podSpecGates('spec.template.spec'),
  defaults: defaultController,
  prepareForCreate: (controller) => ({ ...controller, status: { replicas: 0 } }),
  validate: validateReplicationController,
  warnings: workloadWarnings,
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  columns: [
    nameColumn,
    { name: 'Desired', type: 'integer', value: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', type: 'integer', value: ({ status }) => status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', value: ({ status }) => status?.readyReplicas ?? 0 },
    ageColumn,
    ...templateColumns<ReplicationController>((controller) => controller.spec?.template),
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => formatLabels(spec?.selector) },
  ],
})
