import type { admissionregistration } from '../../api/generated/types/index.ts'
import { type KnownTypes, type PolicyEnvironments, TypeChecker } from '../../apimachinery/cel/index.ts'
import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'

type Spec = admissionregistration.v1.ValidatingAdmissionPolicySpec
type ExpressionWarning = admissionregistration.v1.ExpressionWarning

export interface ResourceName {
  readonly group: string
  readonly version: string
  readonly resource: string
}

/** Upstream's, of one rule. */
const maxTypes = 10

/** A rule with a wildcard in its groups or versions says nothing of types. */
const plain = (names: readonly string[] = []): readonly string[] =>
  names.some((name) => name.includes('*')) ? [] : [...names].sort()

const plainResources = (names: readonly string[] = []): readonly string[] =>
  names.filter((name) => !/[*/]/.test(name)).sort()

const compare = (a: GroupVersionKind, b: GroupVersionKind): number => {
  const [left, right] = [a, b].map(({ group, version, kind }) => `${group}\0${version}\0${kind}`)
  return (left ?? '') < (right ?? '') ? -1 : 1
}

/** The kinds that a policy's rules name plainly. */
export function kindsToCheck(
  { matchConstraints }: Spec,
  kindOf: (resource: ResourceName) => GroupVersionKind | undefined,
): readonly GroupVersionKind[] {
  const kinds = new Map<string, GroupVersionKind>()
  for (const rule of matchConstraints?.resourceRules ?? []) {
    const found = plain(rule.apiGroups).flatMap((group) =>
      plain(rule.apiVersions).flatMap((version) =>
        plainResources(rule.resources).flatMap((resource) => kindOf({ group, version, resource }) ?? []),
      ),
    )
    for (const kind of found.slice(0, maxTypes)) kinds.set(`${kind.group}/${kind.version}/${kind.kind}`, kind)
    if (found.length >= maxTypes) break
  }
  return [...kinds.values()].sort(compare)
}

/** A kind as Go prints it. */
const kindText = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}, Kind=${kind}`

/** What does not fit in a policy's expressions; `kinds`: those that it looks at, with their types. */
export function checkPolicy(
  spec: Spec,
  kinds: readonly { readonly kind: GroupVersionKind; readonly types: KnownTypes }[],
  environments: PolicyEnvironments,
): readonly ExpressionWarning[] {
  const checkers = kinds.map(({ kind, types }) => {
    const checker = new TypeChecker(environments, types, spec.paramKind !== undefined)
    for (const { name, expression } of spec.variables ?? []) checker.addVariable(name, expression)
    return { kind, checker }
  })
  const warningsOf = (text: string, fieldRef: string): readonly ExpressionWarning[] => {
    const issues = checkers.flatMap(({ kind, checker }) => {
      const found = checker.issues(text)
      return found === undefined ? [] : [`${kindText(kind)}: ${found}\n`]
    })
    return issues.length === 0 ? [] : [{ fieldRef, warning: issues.join('\n') }]
  }
  return (spec.validations ?? []).flatMap(({ expression, messageExpression = '' }, index) => {
    const path = `spec.validations[${index}]`
    return [
      ...warningsOf(expression, `${path}.expression`),
      ...(messageExpression === '' ? [] : warningsOf(messageExpression, `${path}.messageExpression`)),
    ]
  })
}
