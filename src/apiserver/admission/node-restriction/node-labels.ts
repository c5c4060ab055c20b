import {
  isKubeletLabel,
  isKubernetesLabel,
  isWithinDomain,
  labelDomain,
} from '../../../api/core/node/kubelet-labels.ts'

const restrictedDomain = 'node-restriction.kubernetes.io'

function isForbidden(key: string): boolean {
  if (isWithinDomain(labelDomain(key), restrictedDomain)) return true
  return isKubernetesLabel(key) && !isKubeletLabel(key)
}

type Labels = { readonly [key: string]: string } | undefined

/** Of the labels that differ, those that a node may not touch: they could steer pods of others to it. Sorted. */
export function forbiddenLabels(now: Labels, before: Labels): readonly string[] {
  const keys = new Set([...Object.keys(now ?? {}), ...Object.keys(before ?? {})])
  return [...keys].filter((key) => now?.[key] !== before?.[key] && isForbidden(key)).sort()
}
