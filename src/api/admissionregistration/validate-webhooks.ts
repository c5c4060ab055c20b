import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, invalidValue, notSupported, required, tooMany } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { hasInvalidLabelValue, validateLabelSelector } from '../../apimachinery/label-selector-validation.ts'
import { isQualifiedName } from '../../apimachinery/label-syntax.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import { checkChoice, checkText } from '../checks.ts'
import type { admissionregistration } from '../generated/types/index.ts'
import { knowsReviewVersion, validateReviewVersions, validateWebhookClient } from '../webhook-client.ts'
import { ExpressionChecker } from './expression-checker.ts'
import { validateExpression } from './validate-expression.ts'
import { validateRule } from './validate-rules.ts'
import type { AnyWebhook } from './webhook-defaults.ts'

const sideEffects: readonly string[] = ['None', 'NoneOnDryRun']
const oldSideEffects: readonly string[] = ['None', 'NoneOnDryRun', 'Some', 'Unknown']
const maxConditions = 64
const minNameParts = 3

function validateFullName(name: string, where: FieldPath, errors: FieldError[]): void {
  const complaints = isDns1123Subdomain(name)
  if (name === '') errors.push(required(where))
  else if (complaints.length > 0) errors.push(invalidValue(where, name, complaints.join(',')))
  else if (name.split('.').length < minNameParts) {
    const detail = 'should be a domain with at least three segments separated by dots'
    errors.push(invalidValue(where, name, detail))
  }
}

export function validateMatchConditions(
  conditions: readonly admissionregistration.v1.MatchCondition[] = [],
  path: FieldPath,
  errors: FieldError[],
  checker: ExpressionChecker,
): void {
  if (conditions.length > maxConditions) errors.push(tooMany(path, conditions.length, maxConditions))
  const names = new Set<string>()
  conditions.forEach(({ name = '', expression = '' }, index) => {
    const where = path.index(index)
    const text = expression.trim()
    validateExpression(text, where.child('expression'), errors, () =>
      checker.complaint('matchCondition', text),
    )
    if (name === '') errors.push(required(where.child('name')))
    else checkText(name, isQualifiedName, where.child('name'), errors)
    if (names.has(name) && name !== '') errors.push(duplicate(where.child('name'), name))
    names.add(name)
  })
}

/** What webhooks of before were wrong about may stay. */
interface Leniency {
  readonly sideEffects: boolean
  readonly reviewVersions: boolean
  readonly selectors: boolean
  readonly names: boolean
}

function leniencyOf(old: readonly AnyWebhook[] | undefined): Leniency {
  const any = (check: (webhook: AnyWebhook) => boolean): boolean => old?.some(check) ?? false
  const names = old?.map(({ name }) => name) ?? []
  return {
    sideEffects: any((webhook) => !sideEffects.includes(webhook.sideEffects ?? '')),
    reviewVersions: any(
      ({ admissionReviewVersions: versions = [] }) => versions.length > 0 && !knowsReviewVersion(versions),
    ),
    selectors: any(
      (webhook) =>
        hasInvalidLabelValue(webhook.namespaceSelector) || hasInvalidLabelValue(webhook.objectSelector),
    ),
    names: new Set(names).size < names.length,
  }
}

function validateWebhook(
  webhook: AnyWebhook,
  lenient: Leniency,
  checker: ExpressionChecker | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateFullName(webhook.name ?? '', path.child('name'), errors)
  webhook.rules?.forEach((rule, index) => {
    validateRule(rule, path.child('rules').index(index), errors)
  })
  const { failurePolicy, matchPolicy, reinvocationPolicy, timeoutSeconds } = webhook
  if (failurePolicy !== undefined)
    checkChoice(failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy'), errors)
  if (matchPolicy !== undefined)
    checkChoice(matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'), errors)
  const effects = lenient.sideEffects ? oldSideEffects : sideEffects
  const where = path.child('sideEffects')
  if (webhook.sideEffects === undefined)
    errors.push(required(where, `must specify one of ${effects.join(', ')}`))
  else if (!effects.includes(webhook.sideEffects))
    errors.push(notSupported(where, webhook.sideEffects, effects))
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    const detail = 'the timeout value must be between 1 and 30 seconds'
    errors.push(invalidValue(path.child('timeoutSeconds'), timeoutSeconds, detail))
  }
  for (const field of ['namespaceSelector', 'objectSelector'] as const)
    validateLabelSelector(webhook[field], path.child(field), errors, lenient.selectors)
  if (reinvocationPolicy !== undefined)
    checkChoice(reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'), errors)
  validateWebhookClient(webhook.clientConfig ?? {}, path.child('clientConfig'), errors)
  if (checker !== undefined)
    validateMatchConditions(webhook.matchConditions, path.child('matchConditions'), errors, checker)
}

/** Compiles match conditions; undefined where they are as before, so that they need not be looked at. */
function checkerOf(
  webhooks: readonly AnyWebhook[],
  old: readonly AnyWebhook[] | undefined,
): ExpressionChecker | undefined {
  const conditions = (all: readonly AnyWebhook[]): unknown =>
    all.map(({ matchConditions = [] }) => matchConditions)
  const unchanged =
    old !== undefined && old.length === webhooks.length && jsonEqual(conditions(webhooks), conditions(old))
  if (unchanged) return undefined
  const matchCondition = old?.flatMap((webhook) =>
    (webhook.matchConditions ?? []).map(({ expression }) => expression),
  )
  return new ExpressionChecker({
    hasParams: false,
    hasVariables: false,
    stored: matchCondition === undefined ? {} : { matchCondition },
  })
}

export function validateWebhooks(
  webhooks: readonly AnyWebhook[] = [],
  old: readonly AnyWebhook[] | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const lenient = leniencyOf(old)
  const checker = checkerOf(webhooks, old)
  const names = new Set<string>()
  webhooks.forEach((webhook, index) => {
    const path = fieldPath('webhooks').index(index)
    const { name = '', admissionReviewVersions: versions = [] } = webhook
    validateWebhook(webhook, lenient, checker, path, errors)
    const where = path.child('admissionReviewVersions')
    validateReviewVersions(
      versions,
      !lenient.reviewVersions,
      'must specify one of v1, v1beta1',
      where,
      errors,
    )
    if (name !== '' && names.has(name) && !lenient.names) errors.push(duplicate(path.child('name'), name))
    names.add(name)
  })
  return errors
}
