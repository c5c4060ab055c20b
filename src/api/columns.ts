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

export const nameColumn: Column<KubernetesObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically.',
  value: (object) => object.metadata?.name ?? '',
}

export const ageColumn: Column<KubernetesObject> = {
  name: 'Age',
  type: 'string',
  description: 'The time since the object was created.',
  since: (object) => object.metadata?.creationTimestamp,
  value: (object, nowMs) => since(object.metadata?.creationTimestamp, nowMs),
}
