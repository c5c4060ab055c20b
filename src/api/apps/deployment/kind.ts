import { carryOver, defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { labelMatcherOf } from '../../../apimachinery/selectors/label-selector.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { podSpecGates } from '../../core/pod/gated-fields.ts'
import type { apps } from '../../generated/types/index.ts'
import { templateColumns } from '../../template-columns.ts'
import { workloadWarnings } from '../../warnings.ts'
import { defaultDeployment } from './defaults.ts'
import { validateDeployment } from './validate.ts'

function selectorText(deployment: apps.v1.Deployment): string {
  const matcher = labelMatcherOf(deployment.spec?.selector)
  return 'error' in matcher ? '<invalid>' : matcher.toString()
}

/** Annotations count as a change of the specification: the controller copies them to its ReplicaSets. */
function prepareForUpdate(
  deployment: apps.v1.Deployment,
  old: apps.v1.Deployment,
  context: WriteContext,
): apps.v1.Deployment {
  const kept = carryOver(deployment, old, context)
  if (context.subresource === 'status') {
    const { labels: _theirs, ...metadata } = kept.metadata ?? {}
    const labels = old.metadata?.labels
    return { ...kept, metadata: { ...metadata, ...(labels === undefined ? {} : { labels }) } }
  }
  if (semanticallyEqual(kept.metadata?.annotations, old.metadata?.annotations)) return kept
  return { ...kept, metadata: { ...kept.metadata, generation: (old.metadata?.generation ?? 0) + 1 } }
}

export const Deployment = defineKind<apps.v1.Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  resetFields: { status: ['spec', 'metadata.labels'] },
  subresources: {
    status: {},
    scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
  },
  hasGeneration: true,
  gatedFields: [
    ...podSpecGates('spec.template.spec'),
    { gate: 'DeploymentReplicaSetTerminatingReplicas', paths: ['status.terminatingReplicas'] },
  ],
  defaults: defaultDeployment,
  prepareForUpdate,
  validate: validateDeployment,
  warnings: workloadWarnings,
  columns: [
    nameColumn,
    {
      name: 'Ready',
      type: 'string',
      value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    },
    { name: 'Up-to-date', type: 'string', value: ({ status }) => status?.updatedReplicas ?? 0 },
    { name: 'Available', type: 'string', value: ({ status }) => status?.availableReplicas ?? 0 },
    ageColumn,
    ...templateColumns<apps.v1.Deployment>((deployment) => deployment.spec?.template),
    { name: 'Selector', type: 'string', priority: 1, value: selectorText },
  ],
})
