import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { type AnyController, defineController, done, requeueAfter } from '../../reconcile/controller.ts'
import { expiresAtMs } from './expiry.ts'

/** Removes requests that nobody needs any more. */
export const csrCleanerController: AnyController = defineController({
  name: 'certificatesigningrequest-cleaner',
  reconciles: CertificateSigningRequest,
  when: (request) => request !== undefined,
  permissions: [
    { group: 'certificates.k8s.io', resources: ['certificatesigningrequests'], verbs: ['delete'] },
  ],
  workers: 1,
  reconcile: async (name, { cache, api, host }) => {
    const request = cache.of(CertificateSigningRequest).get('', name)
    const atMs = request === undefined ? undefined : expiresAtMs(request)
    if (atMs === undefined) return done
    if (atMs > host.now()) return requeueAfter(atMs - host.now())
    try {
      await api.resource(CertificateSigningRequest).delete('', name)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
    return done
  },
})
