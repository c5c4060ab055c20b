import type { apps, batch, core } from '../../../api/generated/types/index.ts'
import type { KubernetesObject, ObjectMeta } from '../../../apimachinery/meta.ts'
import type { PodSpec } from './check.ts'

interface Template {
  readonly metadata?: ObjectMeta
  readonly spec?: PodSpec
}

type Templated =
  | apps.v1.Deployment
  | apps.v1.ReplicaSet
  | apps.v1.StatefulSet
  | apps.v1.DaemonSet
  | batch.v1.Job
  | core.v1.ReplicationController

/** What makes pods, beside pods, and where it says how. */
const templates: Readonly<Record<string, (object: KubernetesObject) => Template | undefined>> = {
  replicationcontrollers: (object) => (object as Templated).spec?.template,
  podtemplates: (object) => (object as core.v1.PodTemplate).template,
  'replicasets.apps': (object) => (object as Templated).spec?.template,
  'deployments.apps': (object) => (object as Templated).spec?.template,
  'statefulsets.apps': (object) => (object as Templated).spec?.template,
  'daemonsets.apps': (object) => (object as Templated).spec?.template,
  'jobs.batch': (object) => (object as Templated).spec?.template,
  'cronjobs.batch': (object) => (object as batch.v1.CronJob).spec?.jobTemplate?.spec?.template,
}

const keyOf = ({ group, resource }: { readonly group: string; readonly resource: string }): string =>
  group === '' ? resource : `${resource}.${group}`

export const hasPodTemplate = (kind: { readonly group: string; readonly resource: string }): boolean =>
  keyOf(kind) in templates

/** The template of the pods that the object makes. */
export const podTemplateOf = (
  kind: { readonly group: string; readonly resource: string },
  object: KubernetesObject,
): Template | undefined => templates[keyOf(kind)]?.(object)
