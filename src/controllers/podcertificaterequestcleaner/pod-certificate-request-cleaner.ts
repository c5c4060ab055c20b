import { PodCertificateRequest } from '../../api/certificates/pod-certificate-request/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { timeMs } from '../../apimachinery/time.ts'
import { type AnyController, defineController, done, requeueAfter } from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'

/** Upstream's threshold: what takes longer will not come to anything. */
const lifetimeMs = 15 * 60_000

/** Removes requests for pods' certificates that are over. */
export const podCertificateRequestCleaner: AnyController = defineController({
  name: 'podcertificaterequest-cleaner',
  reconciles: PodCertificateRequest,
  when: (request, old) => request !== undefined && request.metadata?.uid !== old?.metadata?.uid,
  permissions: [{ group: 'certificates.k8s.io', resources: ['podcertificaterequests'], verbs: ['delete'] }],
  workers: 1,
  reconcile: async (key, { cache, api, host }) => {
    const [namespace, name] = splitKey(key)
    const request = cache.of(PodCertificateRequest).get(namespace, name)
    if (request === undefined) return done
    const { creationTimestamp, uid = '' } = request.metadata ?? {}
    const leftMs = timeMs(creationTimestamp ?? '') + lifetimeMs - host.now()
    if (leftMs > 0) return requeueAfter(leftMs)
    try {
      await api.resource(PodCertificateRequest).delete(namespace, name, { preconditions: { uid } })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
    return done
  },
})
