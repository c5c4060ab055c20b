import type { apps, core } from '../../api/generated/types/index.ts'
import { defineKind, type KindDeclaration } from '../../apimachinery/define-kind.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'

/** Kinds with the shapes of real ones and just the hooks that the generic machinery is to be tried with. */
const ConfigMap = defineKind<core.v1.ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ConfigMap',
  validate: (map) =>
    map.data?.['bad'] === undefined ? [] : [invalidValue('data[bad]', map.data['bad'], 'must be absent')],
  warnings: (map) => (map.data?.['old'] === undefined ? [] : ['data[old]: is deprecated']),
})

const Namespace = defineKind<core.v1.Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Namespace',
  nameRule: 'label',
  subresources: { status: {}, parts: ['finalize'] },
  returnsDeleted: true,
  prepareForCreate: (namespace) => ({
    ...namespace,
    spec: { ...namespace.spec, finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }),
  prepareForUpdate: (namespace, old, { subresource }) => {
    if (subresource === 'finalize') return { ...old, ...namespace, status: old.status ?? {} }
    if (subresource === 'status') return { ...namespace, spec: old.spec ?? {} }
    return { ...namespace, spec: old.spec ?? {}, status: old.status ?? {} }
  },
  terminating: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } }),
  finalized: (namespace) => (namespace.spec?.finalizers ?? []).length === 0,
})

const Pod = defineKind<core.v1.Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Pod',
  subresources: { status: {} },
  hasGeneration: true,
  returnsDeleted: true,
  gracefulDeletion: (pod, requested) => ({
    gracePeriodSeconds: pod.spec?.nodeName ? (requested ?? pod.spec.terminationGracePeriodSeconds ?? 30) : 0,
  }),
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'status.phase': (pod) => pod.status?.phase ?? '',
  },
  columns: [
    { name: 'Name', type: 'string', format: 'name', value: (pod) => pod.metadata?.name ?? '' },
    { name: 'Status', type: 'string', value: (pod) => pod.status?.phase ?? '' },
    {
      name: 'Age',
      type: 'string',
      since: (pod) => pod.metadata?.creationTimestamp,
      value: () => '',
    },
    { name: 'Node', type: 'string', priority: 1, value: (pod) => pod.spec?.nodeName ?? '<none>' },
  ],
})

const Deployment = defineKind<apps.v1.Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.Deployment',
  hasGeneration: true,
  subresources: {
    status: {},
    scale: {
      specReplicas: 'spec.replicas',
      statusReplicas: 'status.replicas',
      selector: 'spec.selector',
    },
  },
  defaults: (deployment) =>
    deployment.spec === undefined || deployment.spec.replicas !== undefined
      ? deployment
      : { ...deployment, spec: { ...deployment.spec, replicas: 1 } },
})

const Lease = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1.Lease',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
})

export const testKinds: readonly KindDeclaration[] = [ConfigMap, Namespace, Pod, Deployment, Lease]
