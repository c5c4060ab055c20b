import { banner, type FactResource, type Facts, propertyName, quote } from './facts.ts'

const list = (verbs: readonly string[]): string => `[${verbs.map(quote).join(', ')}]`

function row(resource: FactResource): string {
  const subresources = Object.entries(resource.subresources).map(([name, subresource]) => {
    const parts = subresource.kind.split('/')
    const [kind = '', version = '', group = ''] = parts.toReversed()
    const about = `group: ${quote(group)}, version: ${quote(version)}, kind: ${quote(kind)}`
    return `\n      ${propertyName(name)}: { ${about}, verbs: ${list(subresource.verbs)} },`
  })
  return `  {
    group: ${quote(resource.group)},
    version: ${quote(resource.version)},
    resource: ${quote(resource.resource)},
    kind: ${quote(resource.kind)},
    namespaced: ${resource.namespaced},
    verbs: ${list(resource.verbs)},
    subresources: {${subresources.join('')}${subresources.length === 0 ? '' : '\n    '}},
  },
`
}

/** The table of all resources that upstream serves. */
export function generateResources(facts: Facts): Map<string, string> {
  const text = `${banner}
export interface ResourceFacts {
  readonly group: string
  readonly version: string
  /** Lower-case plural. */
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly subresources: Readonly<Record<string, SubresourceFacts>>
}

/** The kind that a subresource takes and gives; \`connect:GET\` stands for a method that is passed through. */
export interface SubresourceFacts {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly verbs: readonly string[]
}

export const resources: readonly ResourceFacts[] = [
${facts.resources.map(row).join('')}]
`
  return new Map([['resources.ts', text]])
}
