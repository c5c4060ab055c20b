import type { certificates } from '../../../api/generated/types/index.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { Authorizer } from '../../authorizer.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'
import { mayUseSigner, orThrow } from '../signer-rights.ts'

/** Requests are approved and denied by those who may `approve` for their signer. */
export const certificateApproval = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'CertificateApproval',
  handles: matches({
    operations: ['UPDATE'],
    resources: ['certificatesigningrequests.certificates.k8s.io'],
    subresources: ['approval'],
  }),
  validate: (attributes) => {
    const { signerName } = (attributes.oldObject as certificates.v1.CertificateSigningRequest).spec
    return orThrow(mayUseSigner(authorizer, attributes.user, 'approve', signerName), () =>
      refuse(attributes, `user not permitted to approve requests with signerName "${signerName}"`),
    )
  },
})
