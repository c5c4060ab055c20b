import type { CertificateRequest } from '../../../base/certificate-request.ts'

/** The certificates that nodes ask for; texts are upstream's. */
export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet'
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving'

const nodesGroup = 'system:nodes'
const nodePrefix = 'system:node:'

function usageProblem(usages: readonly string[], needed: 'client auth' | 'server auth'): string | undefined {
  const without = ['digital signature', needed].sort()
  const all = [...without, 'key encipherment'].sort()
  const own = [...new Set(usages)].sort().join()
  return own === all.join() || own === without.join() ? undefined : `usages did not match [${all.join(' ')}]`
}

const isOfNodes = ({ organizations }: CertificateRequest): boolean =>
  organizations.length === 1 && organizations[0] === nodesGroup

const nameProblem = ({ commonName }: CertificateRequest): string | undefined =>
  commonName.startsWith(nodePrefix) ? undefined : `subject common name does not begin with ${nodePrefix}`

/** Why a request is not one for a kubelet's client certificate. */
export function kubeletClientProblem(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (!isOfNodes(request)) return `subject organization is not ${nodesGroup}`
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  return nameProblem(request) ?? usageProblem(usages, 'client auth')
}

/** Why a request is not one for the certificate that a kubelet serves with. */
export function kubeletServingProblem(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (!isOfNodes(request)) return `subject organization is not ${nodesGroup}`
  if (request.dnsNames.length + request.ipAddresses.length === 0)
    return 'DNS or IP subjectAltName is required'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  return usageProblem(usages, 'server auth') ?? nameProblem(request)
}
