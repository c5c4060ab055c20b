import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { tooMany } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { ageColumn, nameColumn, since } from '../../columns.ts'
import { fill, set } from '../../defaulting.ts'
import type { resource } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { validateDeviceName, validateDriverName, validatePoolName } from '../names.ts'
import { validateDeviceTaint } from '../validate-taint.ts'

type Rule = resource.v1beta2.DeviceTaintRule

const maxConditions = 8

/** A taint that does not say since when counts from now. */
function withTime(rule: Rule, { nowMs }: WriteContext): Rule {
  const { spec } = rule
  if (spec?.taint === undefined) return rule
  return set(rule, 'spec', set(spec, 'taint', fill(spec.taint, { timeAdded: formatTime(nowMs) })))
}

function prepareForUpdate(rule: Rule, old: Rule, context: WriteContext): Rule {
  const kept = carryOverMetadata(rule, old, context)
  const taint = kept.spec?.taint
  const before = old.spec?.taint
  if (taint === undefined || taint.effect === before?.effect || taint.timeAdded !== before?.timeAdded)
    return kept
  const timeAdded = formatTime(context.nowMs)
  return { ...kept, spec: { ...kept.spec, taint: { ...taint, timeAdded } } }
}

function validateSpec({ spec }: Rule, old: Rule | undefined, errors: FieldError[]): void {
  const path = fieldPath('spec')
  const where = path.child('deviceSelector')
  const { driver, pool, device } = spec?.deviceSelector ?? {}
  if (driver !== undefined) validateDriverName(driver, where.child('driver'), errors)
  if (pool !== undefined) validatePoolName(pool, where.child('pool'), errors)
  if (device !== undefined) validateDeviceName(device, where.child('device'), errors)
  validateDeviceTaint(spec?.taint ?? {}, old?.spec?.taint?.effect, path.child('taint'), errors)
}

function validate(rule: Rule, old: Rule | undefined, { subresource }: WriteContext): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old === undefined || subresource !== 'status') {
    validateSpec(rule, old, errors)
    return errors
  }
  const conditions = rule.status?.conditions ?? []
  const where = fieldPath('status').child('conditions')
  validateConditions(conditions, where, errors)
  if (conditions.length > maxConditions) errors.push(tooMany(where, conditions.length, maxConditions))
  return errors
}

/** Taints devices that an administrator selects. */
export const DeviceTaintRule = defineKind<Rule>({
  group: 'resource.k8s.io',
  version: 'v1beta2',
  kind: 'DeviceTaintRule',
  resource: 'devicetaintrules',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1beta2.DeviceTaintRule',
  subresources: { status: {} },
  hasGeneration: true,
  returnsDeleted: true,
  contextDefaults: withTime,
  prepareForUpdate,
  validate,
  columns: [
    nameColumn,
    { name: 'Key', type: 'string', value: ({ spec }) => spec?.taint?.key ?? '' },
    { name: 'Value', type: 'string', value: ({ spec }) => spec?.taint?.value ?? '' },
    { name: 'Effect', type: 'string', value: ({ spec }) => spec?.taint?.effect ?? '' },
    {
      name: 'TimeAdded',
      type: 'string',
      since: ({ spec }) => spec?.taint?.timeAdded,
      value: ({ spec }, nowMs) => since(spec?.taint?.timeAdded, nowMs),
    },
    ageColumn,
  ],
})

export const DeviceTaintRuleV1Alpha3 = kindUnderVersion(DeviceTaintRule, {
  version: 'v1alpha3',
  schema: 'io.k8s.api.resource.v1alpha3.DeviceTaintRule',
  deprecated: { since: '1.36', removed: '1.39' },
})
