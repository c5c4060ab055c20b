import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, fieldForbidden, invalidValue } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { validateLegacyCidr } from '../../../apimachinery/ip-validation.ts'
import { isLabelValue, isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { checkRequiredChoice, checkText } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { validateResourceQuantity } from '../pod/validation/validate-resources.ts'
import { taintEffects } from '../pod/validation/validate-scheduling.ts'

type Node = core.v1.Node

/** Upstream reports taints under metadata. */
const taintsPath = fieldPath('metadata').child('taints')

function validateTaints(taints: readonly core.v1.Taint[], path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  taints.forEach((taint, index) => {
    const where = path.index(index)
    const { key = '', value = '', effect = '' } = taint
    checkText(key, isQualifiedName, where.child('key'), errors)
    const complaints = isLabelValue(value)
    if (complaints.length > 0) errors.push(invalidValue(where.child('value'), value, complaints.join(';')))
    checkRequiredChoice(effect, taintEffects, where.child('effect'), errors)
    const pair = `${effect}/${key}`
    if (seen.has(pair)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null }
      const error = duplicate(where, shown)
      errors.push({ ...error, message: `${error.message}: taints must be unique by key and effect pair` })
    }
    seen.add(pair)
  })
}

function validateResources(node: Node, errors: FieldError[]): void {
  for (const field of ['capacity', 'allocatable'] as const)
    for (const [name, quantity] of Object.entries(node.status?.[field] ?? {}))
      validateResourceQuantity(name, quantity, fieldPath('status').child(field).child(name), errors)
}

function validatePodCidrs(node: Node, errors: FieldError[]): void {
  const cidrs = node.spec?.podCIDRs ?? []
  const path = fieldPath('spec').child('podCIDRs')
  cidrs.forEach((cidr, index) => {
    validateLegacyCidr(cidr, path.index(index), errors)
  })
  const families = new Set(cidrs.map((cidr) => cidr.includes(':')))
  if (cidrs.length > 2 || (cidrs.length === 2 && families.size !== 2))
    errors.push(invalidValue(path, cidrs, 'may specify no more than one CIDR for each IP family'))
}

/** Upstream tells of taints twice. */
function validateChange(node: Node, old: Node, errors: FieldError[]): void {
  validateTaints(node.spec?.taints ?? [], taintsPath, errors)
  const seen = new Set<string>()
  node.status?.addresses?.forEach((address, index) => {
    const key = `${address.type}/${address.address}`
    if (seen.has(key)) {
      const shown = { Type: address.type, Address: address.address }
      errors.push(duplicate(fieldPath('status').child('addresses').index(index), shown))
    }
    seen.add(key)
  })
  const { podCIDRs: oldCidrs = [], providerID: oldProvider = '' } = old.spec ?? {}
  if (oldCidrs.length > 0 && !semanticallyEqual(node.spec?.podCIDRs, oldCidrs)) {
    const detail = 'node updates may not change podCIDR except from "" to valid'
    errors.push(fieldForbidden('spec.podCIDRs', detail))
  }
  if (oldProvider !== '' && node.spec?.providerID !== oldProvider) {
    const detail = 'node updates may not change providerID except from "" to valid'
    errors.push(fieldForbidden('spec.providerID', detail))
  }
  if ((node.spec?.externalID ?? '') !== (old.spec?.externalID ?? ''))
    errors.push(fieldForbidden('spec.externalID', 'may not be updated'))
}

const featureName = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/
const maxFeatureBytes = 253

function featureComplaint(name: string): string | undefined {
  if (name.length > maxFeatureBytes) return `must be no more than ${maxFeatureBytes} characters`
  return featureName.test(name)
    ? undefined
    : "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
}

/** Ascending, each once. */
function validateFeatures(names: readonly string[], errors: FieldError[]): void {
  const path = fieldPath('status').child('declaredFeatures')
  names.forEach((name, index) => {
    const complaint = featureComplaint(name)
    if (complaint !== undefined)
      errors.push(
        invalidValue(path.index(index), name, `invalid feature name ${goQuote(name)}: ${complaint}`),
      )
    const next = names[index + 1]
    if (next === name) errors.push(duplicate(path.index(index + 1), next))
    else if (next !== undefined && name > next)
      errors.push(invalidValue(path.index(index + 1), next, 'list must be sorted alphabetically'))
  })
}

export function validateNode(
  node: Node,
  old: Node | undefined,
  _context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  validateTaints(node.spec?.taints ?? [], taintsPath, errors)
  validateResources(node, errors)
  validateFeatures(node.status?.declaredFeatures ?? [], errors)
  validatePodCidrs(node, errors)
  if (old !== undefined) validateChange(node, old, errors)
  return errors
}
