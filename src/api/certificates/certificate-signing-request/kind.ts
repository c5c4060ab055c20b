import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { certificates } from '../../generated/types/index.ts'

export const CertificateSigningRequest = defineKind<certificates.v1.CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  resource: 'certificatesigningrequests',
  namespaced: false,
  schema: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  shortNames: ['csr'],
  subresources: { status: {} },
  columns: [nameColumn, ageColumn],
})
