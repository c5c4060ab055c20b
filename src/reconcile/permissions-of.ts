import type { AnyController, AnyKind, Permission } from './controller.ts'

const reading = ['get', 'list', 'watch']

/**
 * Everything that a controller may do, from its declaration: read what it follows, do what it says beyond
 * that, and write events. The rules of its ClusterRole; those of one group and with the same verbs are one rule.
 */
export function permissionsOf(declaration: AnyController): readonly Permission[] {
  const { reconciles, owns = [], watches = [], reads = [], permissions = [] } = declaration
  const kinds: readonly AnyKind[] = [
    ...(reconciles === undefined ? [] : [reconciles]),
    ...owns,
    ...watches.map(({ kind }) => kind),
    ...reads,
  ]
  const all: readonly Permission[] = [
    ...kinds.map(({ group, resource }) => ({ group, resources: [resource], verbs: reading })),
    ...permissions,
    { group: '', resources: ['events'], verbs: ['create', 'patch', 'update'] },
    { group: 'events.k8s.io', resources: ['events'], verbs: ['create', 'patch', 'update'] },
  ]
  const verbsOf = new Map<string, { group: string; resource: string; verbs: Set<string> }>()
  for (const { group, resources, verbs } of all) {
    for (const resource of resources) {
      const id = `${group}/${resource}`
      const known = verbsOf.get(id) ?? { group, resource, verbs: new Set() }
      for (const verb of verbs) known.verbs.add(verb)
      verbsOf.set(id, known)
    }
  }
  const rules = new Map<string, { group: string; resources: string[]; verbs: string[] }>()
  for (const { group, resource, verbs } of verbsOf.values()) {
    const sorted = [...verbs].sort()
    const id = `${group} ${sorted.join(',')}`
    const rule = rules.get(id)
    if (rule === undefined) rules.set(id, { group, resources: [resource], verbs: sorted })
    else rule.resources.push(resource)
  }
  return [...rules.values()].map((rule) => ({ ...rule, resources: rule.resources.sort() }))
}
