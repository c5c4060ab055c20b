import type { StringMap } from '../../apimachinery/meta.ts'

/** Labels of old clients, which have the values of those that took their place. */
const oldNames: Readonly<Record<string, string>> = {
  'kubernetes.io/os': 'beta.kubernetes.io/os',
  'kubernetes.io/arch': 'beta.kubernetes.io/arch',
}

/** A node's labels, the old ones in step with the new ones; the same map when they are. */
export function wantedLabels(labels: StringMap | undefined): StringMap | undefined {
  if (labels === undefined) return undefined
  const changes = Object.entries(oldNames).flatMap(([name, oldName]): [string, string][] => {
    const value = labels[name]
    return value === undefined || labels[oldName] === value ? [] : [[oldName, value]]
  })
  return changes.length === 0 ? labels : { ...labels, ...Object.fromEntries(changes) }
}
