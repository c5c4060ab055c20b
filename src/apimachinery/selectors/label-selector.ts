import { goQuote } from '../go-text.ts'
import type { LabelSelector, LabelSelectorRequirement, StringMap } from '../meta.ts'
import {
  formatRequirement,
  type LabelOperator,
  type LabelRequirement,
  matchesRequirement,
  requirementErrors,
} from './label-requirement.ts'

/** All of `requirements` at once; `undefined` matches nothing. Sorted by key, as upstream prints them. */
export class LabelMatcher {
  readonly requirements: readonly LabelRequirement[] | undefined
  constructor(requirements: readonly LabelRequirement[] | undefined) {
    this.requirements =
      requirements === undefined || requirements.length < 2
        ? requirements
        : [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  }
  /** True if it restricts nothing. */
  get empty(): boolean {
    return this.requirements !== undefined && this.requirements.length === 0
  }
  matches(labels: StringMap | undefined): boolean {
    if (this.requirements === undefined) return false
    for (const requirement of this.requirements) if (!matchesRequirement(requirement, labels)) return false
    return true
  }
  /** The one value that `label` must have, if the selector says so: what an index can use. */
  exactValue(label: string): string | undefined {
    const requirement = this.requirements?.find((candidate) => candidate.key === label)
    if (requirement === undefined || requirement.values.length !== 1) return undefined
    return ['=', '==', 'in'].includes(requirement.operator) ? requirement.values[0] : undefined
  }
  /** What `parseLabelSelector` reads back. */
  toString(): string {
    return (this.requirements ?? []).map(formatRequirement).join(',')
  }
}

export const everyLabel = new LabelMatcher([])
export const noLabel = new LabelMatcher(undefined)

/** Exactly these labels (a Service's or ReplicationController's selector); nothing is validated. */
export function labelMatcherOfMap(map: StringMap | undefined): LabelMatcher {
  if (map === undefined) return everyLabel
  return new LabelMatcher(
    Object.entries(map).map(([key, value]) => ({ key, operator: '=', values: [value] })),
  )
}

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

function requirementOf(expression: LabelSelectorRequirement): LabelRequirement | { readonly error: string } {
  const operator = operators[expression.operator]
  if (operator === undefined)
    return { error: `${goQuote(expression.operator)} is not a valid label selector operator` }
  const requirement = { key: expression.key, operator, values: expression.values ?? [] }
  const [first] = requirementErrors(requirement)
  return first === undefined ? requirement : { error: `${first.field}: ${first.message}` }
}

/** `metav1.LabelSelectorAsSelector`: an absent selector matches nothing, an empty one everything; `error` is upstream's text. */
export function labelMatcherOf(
  selector: LabelSelector | undefined,
): LabelMatcher | { readonly error: string } {
  if (selector === undefined) return noLabel
  const requirements: LabelRequirement[] = []
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    const requirement: LabelRequirement = { key, operator: '=', values: [value] }
    const [first] = requirementErrors(requirement)
    if (first !== undefined) return { error: `${first.field}: ${first.message}` }
    requirements.push(requirement)
  }
  for (const expression of selector.matchExpressions ?? []) {
    const requirement = requirementOf(expression)
    if ('error' in requirement) return requirement
    requirements.push(requirement)
  }
  return requirements.length === 0 ? everyLabel : new LabelMatcher(requirements)
}

/** As `labelMatcherOf` for a selector that has been validated: a malformed one matches nothing. */
export function validLabelMatcher(selector: LabelSelector | undefined): LabelMatcher {
  const matcher = labelMatcherOf(selector)
  return 'error' in matcher ? noLabel : matcher
}

/** How printers show a LabelSelector: `<none>` if empty, `<error>` if malformed. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const matcher = labelMatcherOf(selector)
  if ('error' in matcher) return '<error>'
  const text = matcher.toString()
  return text === '' ? '<none>' : text
}

/** Go's text of a LabelSelector, as some of upstream's printers and messages show it. */
export function goSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`)
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`,
  )
  const list = expressions.map((expression) => `${expression},`).join('')
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${list}},}`
}
