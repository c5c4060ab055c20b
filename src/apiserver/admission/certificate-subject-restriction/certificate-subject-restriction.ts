import { parseRequest } from '../../../api/certificates/certificate-signing-request/parse-request.ts'
import type { certificates } from '../../../api/generated/types/index.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

const clientSigner = 'kubernetes.io/kube-apiserver-client'
const privileged = 'system:masters'

/** Nobody gets a client certificate of those whom nothing is refused. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: matches({
    operations: ['CREATE'],
    resources: ['certificatesigningrequests.certificates.k8s.io'],
  }),
  validate: (attributes) => {
    const { spec } = attributes.object as certificates.v1.CertificateSigningRequest
    if (spec.signerName !== clientSigner) return
    const request = parseRequest(spec.request)
    if ('error' in request) throw refuse(attributes, `failed to parse CSR: ${request.error}`)
    if (request.organizations.includes(privileged))
      throw refuse(attributes, `use of ${clientSigner} signer with ${privileged} group is not allowed`)
  },
}
