import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { checkRequiredChoice } from '../../checks.ts'
import type { admissionregistration } from '../../generated/types/index.ts'
import type { ExpressionChecker } from '../expression-checker.ts'
import { validateExpression } from '../validate-expression.ts'
import { validateMutatingOperations } from '../validate-match-resources.ts'
import { checkerOfPolicy, validatePolicySpec } from '../validate-policy.ts'

type Policy = admissionregistration.v1.MutatingAdmissionPolicy
type Mutation = Partial<admissionregistration.v1.Mutation>

/** A patch type and the field that holds such a patch. */
const patchFields = new Map([
  ['JSONPatch', 'jsonPatch'],
  ['ApplyConfiguration', 'applyConfiguration'],
] as const)

function validateMutation(
  mutation: Mutation,
  path: FieldPath,
  errors: FieldError[],
  checker: ExpressionChecker,
): void {
  const { patchType = '' } = mutation
  if (patchType === '') {
    errors.push(required(path.child('patchType')))
    return
  }
  const [own] = [...patchFields].filter(([type]) => type === patchType)
  if (own === undefined) {
    errors.push(notSupported(path.child('patchType'), patchType, ['ApplyConfiguration', 'JSONPatch']))
    return
  }
  const [, ownField] = own
  const patch = mutation[ownField]
  if (patch === undefined)
    errors.push(required(path.child(ownField), `must be specified when patchType is ${patchType}`))
  else {
    const text = patch.expression?.trim()
    const complaint = (trimmed: string): string | undefined => checker.complaint(ownField, trimmed)
    validateExpression(text, path.child(ownField).child('expression'), errors, complaint)
  }
  for (const field of patchFields.values()) {
    if (field === ownField || mutation[field] === undefined) continue
    const detail = `must not be specified when patchType is ${patchType}`
    errors.push(invalidValue(path.child(field), `{${field}}`, detail))
  }
}

export function validateMutatingPolicy(policy: Policy, old: Policy | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const spec: admissionregistration.v1.MutatingAdmissionPolicySpec = policy.spec ?? {}
  const applied = (old?.spec?.mutations ?? []).map(({ applyConfiguration }) => applyConfiguration?.expression)
  const checker = checkerOfPolicy(spec, old?.spec, { applyConfiguration: applied })
  validatePolicySpec(spec, old?.spec, path, errors, checker, (match, where) =>
    validateMutatingOperations(match, where, errors),
  )
  const { mutations = [], reinvocationPolicy } = spec
  if (mutations.length === 0)
    errors.push(required(path.child('mutations'), 'mutations must contain at least one item'))
  mutations.forEach((mutation, index) => {
    validateMutation(mutation, path.child('mutations').index(index), errors, checker)
  })
  const where = path.child('reinvocationPolicy')
  checkRequiredChoice(reinvocationPolicy, ['IfNeeded', 'Never'], where, errors)
  return errors
}
