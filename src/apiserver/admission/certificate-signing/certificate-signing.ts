import type { certificates } from '../../../api/generated/types/index.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { Authorizer } from '../../authorizer.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'
import { mayUseSigner, orThrow } from '../signer-rights.ts'

type Request = certificates.v1.CertificateSigningRequest

/** Certificates and failures are written by those who may `sign` for the request's signer. */
export const certificateSigning = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'CertificateSigning',
  handles: matches({
    operations: ['UPDATE'],
    resources: ['certificatesigningrequests.certificates.k8s.io'],
    subresources: ['status'],
  }),
  validate: (attributes) => {
    const request = attributes.object as Request
    const old = attributes.oldObject as Request
    const sameConditions = semanticallyEqual(old.status?.conditions ?? [], request.status?.conditions ?? [])
    if (sameConditions && (old.status?.certificate ?? '') === (request.status?.certificate ?? '')) return
    const { signerName } = old.spec
    return orThrow(mayUseSigner(authorizer, attributes.user, 'sign', signerName), () =>
      refuse(attributes, `user not permitted to sign requests with signerName "${signerName}"`),
    )
  },
})
