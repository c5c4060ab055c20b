import type { PodQuantities } from '../../../api/core/pod/pod-quantities.ts'
import { compareQuantities, quantityNumber } from '../../../apimachinery/quantity.ts'

type Constraint = (
  type: string,
  resource: string,
  enforced: string,
  usage: PodQuantities,
) => string | undefined

export const minConstraint: Constraint = (type, resource, enforced, { requests, limits }) => {
  const what = `minimum ${resource} usage per ${type} is ${enforced}`
  const request = requests?.[resource]
  const limit = limits?.[resource]
  if (request === undefined) return `${what}.  No request is specified`
  if (compareQuantities(request, enforced) < 0) return `${what}, but request is ${request}`
  return limit !== undefined && compareQuantities(limit, enforced) < 0
    ? `${what}, but limit is ${limit}`
    : undefined
}

export const maxConstraint: Constraint = (type, resource, enforced, { requests, limits }) => {
  const what = `maximum ${resource} usage per ${type} is ${enforced}`
  const request = requests?.[resource]
  const limit = limits?.[resource]
  if (limit === undefined) return `${what}.  No limit is specified`
  if (compareQuantities(limit, enforced) > 0) return `${what}, but limit is ${limit}`
  return request !== undefined && compareQuantities(request, enforced) > 0
    ? `${what}, but request is ${request}`
    : undefined
}

/** For what has no limits: claims. */
export const maxRequestConstraint: Constraint = (type, resource, enforced, { requests }) => {
  const what = `maximum ${resource} usage per ${type} is ${enforced}`
  const request = requests?.[resource]
  if (request === undefined) return `${what}.  No request is specified`
  return compareQuantities(request, enforced) > 0 ? `${what}, but request is ${request}` : undefined
}

export const ratioConstraint: Constraint = (type, resource, enforced, { requests, limits }) => {
  const what = `${resource} max limit to request ratio per ${type} is ${enforced}`
  const request = quantityNumber(requests?.[resource] ?? '0')
  const limit = quantityNumber(limits?.[resource] ?? '0')
  if (request === 0) return `${what}, but no request is specified or request is 0`
  if (limit === 0) return `${what}, but no limit is specified or limit is 0`
  const ratio = limit / request
  return ratio > quantityNumber(enforced) ? `${what}, but provided ratio is ${ratio.toFixed(6)}` : undefined
}
