import { defineKind } from '../../../apimachinery/define-kind.ts'
import { goList } from '../../../apimachinery/go-text.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import type { core } from '../../generated/types/index.ts'
import { podColumns } from './columns.ts'
import { defaultPod } from './defaults/pod-defaults.ts'
import { podGates } from './gated-fields.ts'
import { podGracefulDeletion } from './graceful-deletion.ts'
import { preparePodForCreate, preparePodForUpdate } from './prepare-pod.ts'
import { validatePod } from './validation/validate-pod.ts'
import { podSpecWarnings } from './warnings/pod-spec-warnings.ts'

/** A pod's name is its host name, too, where it can be. Updates are for machines, which do not read warnings. */
function creationWarnings(pod: core.v1.Pod): readonly string[] {
  const complaints = isDns1123Label(pod.metadata?.name ?? '')
  const ofSpec = pod.spec === undefined ? [] : podSpecWarnings(pod.spec, pod.metadata, '')
  if (complaints.length === 0) return ofSpec
  return [
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: ${goList(complaints)}`,
    ...ofSpec,
  ]
}

export const Pod = defineKind<core.v1.Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Pod',
  shortNames: ['po'],
  categories: ['all'],
  resetFields: { status: ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'] },
  subresources: { status: {}, parts: ['ephemeralcontainers', 'resize'] },
  returnsDeleted: true,
  hasGeneration: true,
  gatedFields: podGates,
  defaults: defaultPod,
  prepareForCreate: preparePodForCreate,
  prepareForUpdate: preparePodForUpdate,
  validate: validatePod,
  warnings: (pod, old) => (old === undefined ? creationWarnings(pod) : []),
  gracefulDeletion: podGracefulDeletion,
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '',
    'status.podIPs': (pod) => pod.status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
  columns: podColumns,
})
