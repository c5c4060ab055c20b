/** Labels that kubelets may set on their own nodes (`kubeletapis`). */
export const kubeletLabels = [
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/windows-build',
] as const

/** And all in these domains. */
export const kubeletLabelDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'] as const

export const labelDomain = (key: string): string => (key.includes('/') ? (key.split('/')[0] ?? '') : '')
export const isWithinDomain = (domain: string, parent: string): boolean =>
  domain === parent || domain.endsWith(`.${parent}`)

/** Whether Kubernetes itself says what the label means. */
export function isKubernetesLabel(key: string): boolean {
  const domain = labelDomain(key)
  return isWithinDomain(domain, 'kubernetes.io') || isWithinDomain(domain, 'k8s.io')
}

export function isKubeletLabel(key: string): boolean {
  const domain = labelDomain(key)
  const inDomain = kubeletLabelDomains.some((parent) => isWithinDomain(domain, parent))
  return inDomain || kubeletLabels.some((label) => label === key)
}
