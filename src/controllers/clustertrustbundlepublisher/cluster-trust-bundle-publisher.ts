import { ClusterTrustBundle } from '../../api/certificates/cluster-trust-bundle/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { hex } from '../../base/hex.ts'
import type { Host } from '../../base/host.ts'
import { type AnyController, defineController, done, watching } from '../../reconcile/controller.ts'

const signerName = 'kubernetes.io/kube-apiserver-serving'
const key = signerName

/** Twelve octets of the contents' hash tell one state of the bundle from another. */
function bundleName(trustBundle: string, host: Pick<Host, 'sha256'>): string {
  const text = hex(host.sha256(new TextEncoder().encode(trustBundle)).subarray(0, 12))
  return `${signerName.replaceAll('/', ':')}:${text}`
}

/** Keeps one ClusterTrustBundle with the certificate (PEM) that the API server is trusted by. */
export function clusterTrustBundlePublisher(trustBundle: string): AnyController {
  return defineController({
    name: 'kube-apiserver-serving-clustertrustbundle-publisher',
    watches: [
      watching({
        kind: ClusterTrustBundle,
        selection: { fieldSelector: `spec.signerName=${signerName}` },
        keys: () => [key],
      }),
    ],
    permissions: [
      {
        group: 'certificates.k8s.io',
        resources: ['clustertrustbundles'],
        verbs: ['create', 'delete', 'update'],
      },
      { group: 'certificates.k8s.io', resources: ['signers'], verbs: ['attest'] },
    ],
    workers: 1,
    setUp: ({ enqueue }) => enqueue(key),
    reconcile: async (_key, { cache, api, host }) => {
      const name = bundleName(trustBundle, host)
      const bundles = api.resource(ClusterTrustBundle)
      const present = cache.of(ClusterTrustBundle).get('', name)
      const spec = { signerName, trustBundle }
      if (present === undefined) await bundles.create({ metadata: { name }, spec })
      else if (present.spec.trustBundle !== trustBundle) await bundles.update({ ...present, spec })
      for (const { metadata } of cache.of(ClusterTrustBundle).list()) {
        if (metadata?.name === undefined || metadata.name === name) continue
        await bundles.delete('', metadata.name).catch((error: unknown) => {
          if (!isStatus(error, 'NotFound')) throw error
        })
      }
      return done
    },
  })
}
