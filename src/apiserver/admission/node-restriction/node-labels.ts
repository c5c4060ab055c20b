/** Labels that kubelets may set on their own nodes (`kubeletapis`). */
const kubeletLabels = [
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
]

const kubeletDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const restrictedDomain = 'node-restriction.kubernetes.io'

const domainOf = (key: string): string => (key.includes('/') ? (key.split('/')[0] ?? '') : '')
const isWithin = (domain: string, parent: string): boolean =>
  domain === parent || domain.endsWith(`.${parent}`)

function isForbidden(key: string): boolean {
  const domain = domainOf(key)
  if (isWithin(domain, restrictedDomain)) return true
  if (!isWithin(domain, 'kubernetes.io') && !isWithin(domain, 'k8s.io')) return false
  return !kubeletLabels.includes(key) && !kubeletDomains.some((parent) => isWithin(domain, parent))
}

type Labels = { readonly [key: string]: string } | undefined

/** Of the labels that differ, those that a node may not touch: they could steer pods of others to it. Sorted. */
export function forbiddenLabels(now: Labels, before: Labels): readonly string[] {
  const keys = new Set([...Object.keys(now ?? {}), ...Object.keys(before ?? {})])
  return [...keys].filter((key) => now?.[key] !== before?.[key] && isForbidden(key)).sort()
}
