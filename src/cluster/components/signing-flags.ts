import type { CsrSigningOptions } from '../../controllers/csrsigning/csr-signing-controller.ts'
import { oneSigner } from '../../controllers/csrsigning/plan-certificate.ts'
import type { RequestSigner } from '../../controllers/csrsigning/request-signer.ts'
import { requestSigner } from '../pki/request-signer.ts'
import { duration, path } from './flags/flag-types.ts'
import { FlagError, type FlagValues } from './flags/parse-flags.ts'
import { readPair } from './read-pem.ts'

/** What a signer's flags are called between `--cluster-signing-` and `-cert-file`. */
const signers = {
  'kube-apiserver-client': 'kubernetes.io/kube-apiserver-client',
  'kubelet-client': 'kubernetes.io/kube-apiserver-client-kubelet',
  'kubelet-serving': 'kubernetes.io/kubelet-serving',
  'legacy-unknown': 'kubernetes.io/legacy-unknown',
} as const

type SignerFlag = keyof typeof signers

const hourMs = 3_600_000

/** Whose keys sign certificates, under upstream's names. */
export const signingFlags = {
  'cluster-signing-cert-file': path(
    'Certificate of the authority that signs for all of Kubernetes’ signers.',
  ),
  'cluster-signing-key-file': path('Its key.'),
  'cluster-signing-duration': duration('The longest that signed certificates are good for.', 8_760 * hourMs),
  'cluster-signing-kube-apiserver-client-cert-file': path('The authority for clients of the API server.'),
  'cluster-signing-kube-apiserver-client-key-file': path('Its key.'),
  'cluster-signing-kubelet-client-cert-file': path('The authority for kubelets as clients.'),
  'cluster-signing-kubelet-client-key-file': path('Its key.'),
  'cluster-signing-kubelet-serving-cert-file': path('The authority for what kubelets serve with.'),
  'cluster-signing-kubelet-serving-key-file': path('Its key.'),
  'cluster-signing-legacy-unknown-cert-file': path('The authority for requests of old versions.'),
  'cluster-signing-legacy-unknown-key-file': path('Its key.'),
}

type Values = FlagValues<typeof signingFlags>

function ownSigner(values: Values, name: SignerFlag): RequestSigner | undefined {
  const flags = [`cluster-signing-${name}-cert-file`, `cluster-signing-${name}-key-file`] as const
  const pair = readPair(flags, [values[flags[0]], values[flags[1]]])
  return pair === undefined ? undefined : requestSigner(pair)
}

/** Who signs; undefined where no key is given. Throws FlagError. */
export function signingOptions(values: Values): CsrSigningOptions | undefined {
  const durationMs = values['cluster-signing-duration']
  const flags = ['cluster-signing-cert-file', 'cluster-signing-key-file'] as const
  const common = readPair(flags, [values[flags[0]], values[flags[1]]])
  const own = new Map<string, RequestSigner>()
  for (const name of Object.keys(signers) as SignerFlag[]) {
    const signer = ownSigner(values, name)
    if (signer !== undefined) own.set(signers[name], signer)
  }
  if (common !== undefined && own.size > 0)
    throw new FlagError('cannot specify default and per controller certs at the same time')
  if (common !== undefined) return { signers: oneSigner(requestSigner(common)), durationMs }
  return own.size === 0 ? undefined : { signers: own, durationMs }
}
