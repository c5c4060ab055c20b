import type { certificates } from '../../generated/types/index.ts'

type Request = certificates.v1.CertificateSigningRequest

export const hasCondition = ({ status }: Request, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type)

/** Denied counts more. */
export const isApproved = (request: Request): boolean =>
  hasCondition(request, 'Approved') && !hasCondition(request, 'Denied')

export const isIssued = ({ status }: Request): boolean => (status?.certificate ?? '') !== ''
