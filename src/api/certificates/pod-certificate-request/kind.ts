import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { nameColumn } from '../../columns.ts'
import { fill, set } from '../../defaulting.ts'
import type { certificates } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { validatePodCertificateSpec } from './validate.ts'
import { validatePodCertificateStatus } from './validate-status.ts'

type Request = certificates.v1beta1.PodCertificateRequest

const daySeconds = 86_400
const states: readonly string[] = ['Issued', 'Denied', 'Failed']

function validate(
  request: Request,
  old: Request | undefined,
  { subresource, nowMs, verifySignature }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old === undefined) validatePodCertificateSpec(request.spec ?? {}, verifySignature, errors)
  else if (subresource === 'status') validatePodCertificateStatus(request, old, nowMs, errors)
  else validateImmutable(request.spec, old.spec, fieldPath('spec'), errors)
  return errors
}

const annotationsOf = ({ spec }: Request): string => {
  const entries = Object.entries(spec?.unverifiedUserAnnotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',')
}

/** A pod's request for a certificate, made by its kubelet. */
export const PodCertificateRequest = defineKind<Request>({
  group: 'certificates.k8s.io',
  version: 'v1beta1',
  kind: 'PodCertificateRequest',
  resource: 'podcertificaterequests',
  namespaced: true,
  schema: 'io.k8s.api.certificates.v1beta1.PodCertificateRequest',
  featureGate: 'PodCertificateRequest',
  subresources: { status: {} },
  allowUnconditionalUpdate: false,
  defaults: (request) => set(request, 'spec', fill(request.spec ?? {}, { maxExpirationSeconds: daySeconds })),
  prepareForUpdate: carryOverMetadata,
  validate,
  selectableFields: {
    'spec.signerName': ({ spec }) => spec?.signerName ?? '',
    'spec.podName': ({ spec }) => spec?.podName ?? '',
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
  },
  columns: [
    nameColumn,
    { name: 'PodName', type: 'string', value: ({ spec }) => spec?.podName ?? '' },
    { name: 'ServiceAccountName', type: 'string', value: ({ spec }) => spec?.serviceAccountName ?? '' },
    { name: 'NodeName', type: 'string', value: ({ spec }) => spec?.nodeName ?? '' },
    { name: 'SignerName', type: 'string', value: ({ spec }) => spec?.signerName ?? '' },
    {
      name: 'State',
      type: 'string',
      value: ({ status }) =>
        status?.conditions?.findLast(({ type }) => states.includes(type))?.type ?? 'Pending',
    },
    { name: 'UnverifiedUserAnnotations', type: 'string', value: annotationsOf },
  ],
})
