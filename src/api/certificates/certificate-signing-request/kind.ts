import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { present } from '../../defaulting.ts'
import type { certificates } from '../../generated/types/index.ts'
import { humanDuration } from '../../human-duration.ts'
import { validateRequest } from './validate.ts'

type Request = certificates.v1.CertificateSigningRequest
type Condition = certificates.v1.CertificateSigningRequestCondition

/** Who asks is known; nobody can ask in another's name, nor approve their own request by making it. */
function prepareForCreate(request: Request, { user }: WriteContext): Request {
  const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...spec } = request.spec
  const requester = {
    username: user?.name,
    uid: user?.uid,
    groups: user?.groups,
    extra: user?.extra,
  }
  return { ...request, spec: { ...spec, ...present(requester) }, status: {} }
}

function withTimes(conditions: readonly Condition[], old: Request, nowMs: number): readonly Condition[] {
  const now = formatTime(nowMs)
  return conditions.map((condition) => {
    const { type, status, lastUpdateTime, lastTransitionTime } = condition
    const known = old.status?.conditions?.find(
      (other) => other.type === type && other.status === status && other.lastTransitionTime,
    )
    return {
      ...condition,
      lastUpdateTime: lastUpdateTime ?? now,
      lastTransitionTime: lastTransitionTime ?? known?.lastTransitionTime ?? now,
    }
  })
}

/** Decisions are made through `/approval`: elsewhere they stay as they were, unless there are more or fewer. */
function withOldDecisions(conditions: readonly Condition[], old: Request): readonly Condition[] {
  let next = conditions
  for (const type of ['Approved', 'Denied']) {
    const before = (old.status?.conditions ?? []).filter((condition) => condition.type === type)
    if (next.filter((condition) => condition.type === type).length !== before.length) continue
    let at = 0
    next = next.map((condition) => (condition.type === type ? (before[at++] ?? condition) : condition))
  }
  return next
}

/** It is immutable but for its status, which takes the certificate, and `/approval`, which takes the decision. */
function prepareForUpdate(request: Request, old: Request, { subresource, nowMs }: WriteContext): Request {
  const kept = { ...old, metadata: request.metadata ?? {} }
  const conditions = request.status?.conditions
  if (subresource === 'status') {
    if (conditions === undefined) return { ...kept, status: request.status ?? {} }
    const timed = withTimes(withOldDecisions(conditions, old), old, nowMs)
    return { ...kept, status: { ...request.status, conditions: timed } }
  }
  if (subresource !== 'approval') return kept
  const { conditions: _old, ...status } = old.status ?? {}
  if (conditions === undefined) return { ...kept, status }
  return { ...kept, status: { ...status, conditions: withTimes(conditions, old, nowMs) } }
}

function conditionOf({ status }: Request): string {
  const has = (type: string): boolean => (status?.conditions ?? []).some((one) => one.type === type)
  const words = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending']
  if (has('Failed')) words.push('Failed')
  if ((status?.certificate ?? '') !== '') words.push('Issued')
  return words.join(',')
}

export const CertificateSigningRequest = defineKind<Request>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  resource: 'certificatesigningrequests',
  namespaced: false,
  schema: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  changedMetadata: ['whole', 'change'],
  shortNames: ['csr'],
  nameRule: 'path-segment',
  nameComplaints: () => [],
  resetFields: {
    '': ['spec', 'status'],
    status: ['spec', 'status.conditions'],
    approval: ['spec', 'status.certificate'],
  },
  subresources: { status: {}, parts: ['approval'] },
  prepareForCreate,
  prepareForUpdate,
  validate: validateRequest,
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  columns: [
    nameColumn,
    ageColumn,
    { name: 'SignerName', type: 'string', value: ({ spec }) => spec?.signerName || '<none>' },
    { name: 'Requestor', type: 'string', value: ({ spec }) => spec?.username ?? '' },
    {
      name: 'RequestedDuration',
      type: 'string',
      value: ({ spec }) =>
        spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    },
    { name: 'Condition', type: 'string', value: conditionOf },
  ],
})
