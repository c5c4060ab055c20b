import type { Rejection } from './framework.ts'

/** What upstream's caches say of an object that is not there: the pod waits until it is. */
export const notFoundText = (resource: string, name: string): string =>
  `${resource} ${JSON.stringify(name)} not found`

export const notFoundRejection = (resource: string, name: string): Rejection => ({
  resolvable: false,
  reasons: [notFoundText(resource, name)],
})
