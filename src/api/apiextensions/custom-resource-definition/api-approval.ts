import type { StringMap } from '../../../apimachinery/meta.ts'

const annotationKey = 'api-approved.kubernetes.io'
const see = 'see https://github.com/kubernetes/enhancements/pull/1111'

/** Groups of the Kubernetes project: their APIs are reviewed, and an annotation says where. */
export const isProtectedGroup = (group: string): boolean =>
  ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`))

export interface Approval {
  readonly status: 'True' | 'False'
  readonly reason: 'MissingAnnotation' | 'UnapprovedAnnotation' | 'ApprovedAnnotation' | 'InvalidAnnotation'
  readonly message: string
  readonly annotation: string
}

/** Whether, and where, the API of a definition was approved. */
export function approvalOf(annotations: StringMap | undefined): Approval {
  const annotation = annotations?.[annotationKey] ?? ''
  const must = `protected groups must have approval annotation "${annotationKey}"`
  if (annotation === '')
    return { status: 'False', reason: 'MissingAnnotation', message: `${must}, ${see}`, annotation }
  if (annotation.startsWith('unapproved')) {
    const message = `not approved: ${JSON.stringify(annotation)}`
    return { status: 'False', reason: 'UnapprovedAnnotation', message, annotation }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+\S*$/i.test(annotation))
    return { status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${annotation}`, annotation }
  const message = `${must} with either a URL or a reason starting with "unapproved", ${see}`
  return { status: 'False', reason: 'InvalidAnnotation', message, annotation }
}
