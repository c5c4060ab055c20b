import type { Column } from '../apimachinery/define-kind.ts'
import type { KubernetesObject, Time } from '../apimachinery/meta.ts'
import { timeMs } from '../apimachinery/time.ts'
import { humanDuration } from './human-duration.ts'

/** How long ago a time was; `<unknown>` without one. */
export function since(time: Time | null | undefined, nowMs: number): string {
  return time === undefined || time === null || time === ''
    ? '<unknown>'
    : humanDuration(nowMs - timeMs(time))
}

export const nameColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  value: (object: KubernetesObject) => object.metadata?.name ?? '',
} satisfies Column<KubernetesObject>

export const ageColumn = {
  name: 'Age',
  type: 'string',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  since: (object: KubernetesObject) => object.metadata?.creationTimestamp,
  value: (object: KubernetesObject, nowMs: number) => since(object.metadata?.creationTimestamp, nowMs),
} satisfies Column<KubernetesObject>
