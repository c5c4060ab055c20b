import type { admissionregistration } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { AdmissionOperation } from '../admission.ts'

export type Rule = Partial<admissionregistration.v1.NamedRuleWithOperations>

/** What a rule looks at; whether there is a namespace follows from the kind. */
export interface RequestForm {
  readonly operation: AdmissionOperation
  readonly declaration: KindDeclaration
  readonly subresource: string
}

/** A version of the requested resource that a rule names: the object is shown in it. */
export interface Candidate {
  readonly declaration: KindDeclaration
  /** Only objects of these names; empty: all. */
  readonly names: readonly string[]
}

const names = (list: readonly string[] | undefined, wanted: string): boolean =>
  list?.some((item) => item === '*' || item === wanted) === true

function matchesScope(scope: string | undefined, { namespaced }: KindDeclaration): boolean {
  if (scope === 'Namespaced') return namespaced
  return scope === 'Cluster' ? !namespaced : scope === undefined || scope === '*'
}

function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  const slash = pattern.indexOf('/')
  const main = slash < 0 ? pattern : pattern.slice(0, slash)
  const part = slash < 0 ? '' : pattern.slice(slash + 1)
  return (main === '*' || main === resource) && (part === '*' || part === subresource)
}

function matchesRule(rule: Rule, { operation, declaration, subresource }: RequestForm): boolean {
  const { group, version, resource } = declaration
  return (
    names(rule.operations, operation) &&
    names(rule.apiGroups, group) &&
    names(rule.apiVersions, version) &&
    matchesScope(rule.scope, declaration) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, resource, subresource))
  )
}

/**
 * What rules name of requests of one form, in the order in which it counts: the request's own version by all rules,
 * then, where others are equivalent, these. All that a rule asks for but names follows from the form, so that this is
 * found out once for each.
 */
export function candidatesOf(
  rules: readonly Rule[],
  form: RequestForm,
  equivalents: readonly KindDeclaration[],
): readonly Candidate[] {
  return rulesByVersion(rules, form, equivalents).flatMap(({ rule, declaration }) =>
    matchesRule(rule, { ...form, declaration }) ? [{ declaration, names: rule.resourceNames ?? [] }] : [],
  )
}

const rulesByVersion = (
  rules: readonly Rule[],
  form: RequestForm,
  equivalents: readonly KindDeclaration[],
): readonly { readonly rule: Rule; readonly declaration: KindDeclaration }[] => [
  ...rules.map((rule) => ({ rule, declaration: form.declaration })),
  ...rules.flatMap((rule) => equivalents.map((declaration) => ({ rule, declaration }))),
]

/** The first candidate that an object of that name is. */
export const candidateFor = (candidates: readonly Candidate[], name: string): Candidate | undefined =>
  candidates.find((candidate) => candidate.names.length === 0 || candidate.names.includes(name))
