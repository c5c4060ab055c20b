import type { FieldError } from '../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../apimachinery/field-errors.ts'
import type { FieldPath } from '../apimachinery/field-path.ts'
import { percentOf } from '../apimachinery/int-or-string.ts'
import { validateLabelSelector } from '../apimachinery/label-selector-validation.ts'
import { isPercent } from '../apimachinery/label-syntax.ts'
import type { IntOrString, LabelSelector } from '../apimachinery/meta.ts'
import { labelMatcherOf } from '../apimachinery/selectors/label-selector.ts'
import { checkNonNegative, negativeMessage } from './checks.ts'
import type { PodRules } from './core/pod/validation/pod-rules.ts'
import { validatePodTemplate } from './core/pod/validation/validate-pod-template.ts'
import type { core } from './generated/types/index.ts'

/** Checks that kinds with a pod template share (pkg/apis/apps/validation). */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0
}

/** Required, well-formed, and not everything; `owner` is how upstream calls the kind. */
export function validateOwnSelector(
  selector: LabelSelector | undefined,
  owner: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (selector === undefined) {
    errors.push(required(path))
    return
  }
  validateLabelSelector(selector, path, errors)
  if (isEmptySelector(selector))
    errors.push(invalidValue(path, selector, `empty selector is invalid for ${owner}`))
}

/** The selector has to choose the pods that are made from the template. False for a malformed selector, which says nothing. */
export function validateTemplateLabels(
  template: core.v1.PodTemplateSpec,
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldError[],
): boolean {
  const matcher = labelMatcherOf(selector)
  if ('error' in matcher) return false
  const labels = template.metadata?.labels
  if (!matcher.empty && !matcher.matches(labels)) {
    const detail = '`selector` does not match template `labels`'
    errors.push(invalidValue(path.child('metadata.labels'), labels ?? null, detail))
  }
  return true
}

/** What ReplicaSets and Deployments share. */
export function validateSelectedTemplate(
  spec: { readonly selector?: LabelSelector; readonly template?: core.v1.PodTemplateSpec },
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const where = path.child('selector')
  validateOwnSelector(spec.selector, 'deployment', where, errors)
  const template = spec.template ?? {}
  if (validateTemplateLabels(template, spec.selector, path.child('template'), errors))
    validateRunningTemplate(template, 'ReplicaSet', rules, path.child('template'), errors)
  else errors.push(invalidValue(where, spec.selector, 'invalid label selector'))
}

/** A template of pods that are kept running. `owner` is how upstream calls the kind. */
export function validateRunningTemplate(
  template: core.v1.PodTemplateSpec,
  owner: string,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  validatePodTemplate(template, rules, path, errors)
  validateAlwaysRestarts(template, owner, path, errors)
}

export function validateAlwaysRestarts(
  template: core.v1.PodTemplateSpec,
  owner: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  const policy = template.spec?.restartPolicy ?? ''
  if (policy !== 'Always') errors.push(notSupported(path.child('spec.restartPolicy'), policy, ['Always']))
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${owner} is not Supported`
    errors.push(fieldForbidden(path.child('spec.activeDeadlineSeconds'), detail))
  }
}

export function validateIntOrPercent(value: IntOrString, path: FieldPath, errors: FieldError[]): void {
  if (typeof value === 'string')
    for (const complaint of isPercent(value)) errors.push(invalidValue(path, value, complaint))
  else if (value < 0) errors.push(invalidValue(path, value, negativeMessage))
}

/** The number or the percentage; what is neither counts as 0. */
export const intOrPercentNumber = (value: IntOrString | undefined): number =>
  typeof value === 'number' ? value : value === undefined ? 0 : (percentOf(value) ?? 0)

export function validateAtMost100Percent(value: IntOrString, path: FieldPath, errors: FieldError[]): void {
  const percent = percentOf(value)
  if (percent !== undefined && percent > 100)
    errors.push(invalidValue(path, value, 'must not be greater than 100%'))
}

/** Counters of a status: none negative, and none of `within` above `replicas`. */
export function validateReplicaCounts<S extends object>(
  status: S,
  counts: readonly (keyof S & string)[],
  within: readonly (keyof S & string)[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const number = (field: string): number => {
    const value: unknown = Reflect.get(status, field)
    return typeof value === 'number' ? value : 0
  }
  for (const field of counts) checkNonNegative(number(field), path.child(field), errors)
  for (const field of within) {
    if (number(field) <= number('replicas')) continue
    const detail = 'cannot be greater than status.replicas'
    errors.push(invalidValue(path.child(field), number(field), detail))
  }
}

export function validateNotDecremented(
  value: number | undefined,
  old: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (old !== undefined && (value ?? -1) < old)
    errors.push(invalidValue(path, value ?? 0, 'cannot be decremented'))
}
