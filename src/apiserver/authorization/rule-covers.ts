import { goQuote } from '../../apimachinery/go-text.ts'
import { type PolicyRule, pathCovers } from './rule-allows.ts'

const hasAll = (set: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  set.includes('*') || wanted.every((value) => set.includes(value))

function coversResources(owner: readonly string[] = [], wanted: readonly string[] = []): boolean {
  if (hasAll(owner, wanted)) return true
  return wanted.every((path) => {
    const slash = path.indexOf('/')
    return owner.includes(path) || (slash >= 0 && owner.includes(`*${path.slice(slash)}`))
  })
}

const coversPaths = (owner: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  wanted.every((path) => owner.some((entry) => pathCovers(entry, path)))

function coversNames(owner: readonly string[] = [], wanted: readonly string[] = []): boolean {
  if (owner.length === 0) return true
  return wanted.length > 0 && wanted.every((name) => owner.includes(name))
}

const ruleCovers = (owner: PolicyRule, single: PolicyRule): boolean =>
  hasAll(owner.verbs, single.verbs) &&
  hasAll(owner.apiGroups, single.apiGroups) &&
  coversResources(owner.resources, single.resources) &&
  coversPaths(owner.nonResourceURLs, single.nonResourceURLs) &&
  coversNames(owner.resourceNames, single.resourceNames)

/** The rule taken apart: each part has one verb and one resource or path, and at most one name. */
function* breakDown(rule: PolicyRule): Generator<PolicyRule> {
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const single = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (!rule.resourceNames?.length) yield single
        for (const name of rule.resourceNames ?? []) yield { ...single, resourceNames: [name] }
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) yield { nonResourceURLs: [url], verbs: [verb] }
  }
}

/** What of `wanted` the rules of an owner do not cover, broken down; [] when all is covered. */
export function uncoveredRules(
  owner: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly PolicyRule[] {
  return wanted.flatMap((rule) =>
    [...breakDown(rule)].filter((single) => !owner.some((held) => ruleCovers(held, single))),
  )
}

const list = (name: string, values: readonly string[] | undefined): readonly string[] =>
  values === undefined || values.length === 0 ? [] : [`${name}:[${values.map(goQuote).join(' ')}]`]

const describeRule = (rule: PolicyRule): string =>
  `{${[
    ...list('APIGroups', rule.apiGroups),
    ...list('Resources', rule.resources),
    ...list('NonResourceURLs', rule.nonResourceURLs),
    ...list('ResourceNames', rule.resourceNames),
    ...list('Verbs', rule.verbs),
  ].join(', ')}}`

/** Broken-down rules for an error message: verbs of one resource together, sorted, one in each line. */
export function describeRules(rules: readonly PolicyRule[]): string {
  const merged = new Map<string, PolicyRule>()
  for (const rule of rules) {
    // Paths are not put together.
    const { verbs, ...rest } = rule
    const key = JSON.stringify(rule.nonResourceURLs === undefined ? rest : rule)
    const known = merged.get(key)
    merged.set(key, known === undefined ? rule : { ...known, verbs: [...known.verbs, ...verbs] })
  }
  return [...new Set([...merged.values()].map(describeRule))].sort().join('\n')
}
