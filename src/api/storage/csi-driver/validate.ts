import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import type { storage } from '../../generated/types/index.ts'

type CSIDriver = storage.v1.CSIDriver

const groupPolicies: readonly string[] = ['File', 'None', 'ReadWriteOnceWithFSType']
const lifecycleModes: readonly string[] = ['Persistent', 'Ephemeral']
const minTokenSeconds = 600
const maxTokenSeconds = 2 ** 32
const minPeriodSeconds = 10

/** Upstream's path of the first is not its field. */
const requiredFields = [
  ['attachRequired', 'attachedRequired'],
  ['podInfoOnMount', 'podInfoOnMount'],
  ['storageCapacity', 'storageCapacity'],
] as const

function validateTokens(
  requests: readonly storage.v1.TokenRequest[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const audiences = new Set<string>()
  requests.forEach(({ audience = '', expirationSeconds: seconds }, index) => {
    const where = path.index(index)
    if (audiences.has(audience)) {
      errors.push(duplicate(where.child('audience'), audience))
      return
    }
    audiences.add(audience)
    if (seconds === undefined) return
    const refuse = (detail: string): void => {
      errors.push(invalidValue(where.child('expirationSeconds'), seconds, detail))
    }
    if (seconds < minTokenSeconds) refuse('may not specify a duration less than 10 minutes')
    if (seconds > maxTokenSeconds) refuse('may not specify a duration larger than 2^32 seconds')
  })
}

function validateSpec(spec: storage.v1.CSIDriverSpec, path: FieldPath, errors: FieldError[]): void {
  for (const [field, name] of requiredFields)
    if (spec[field] === undefined) errors.push(required(path.child(name)))
  const { fsGroupPolicy, tokenRequests = [], nodeAllocatableUpdatePeriodSeconds: period } = spec
  if (fsGroupPolicy !== undefined && !groupPolicies.includes(fsGroupPolicy))
    errors.push(notSupported(path.child('fsGroupPolicy'), fsGroupPolicy, groupPolicies))
  validateTokens(tokenRequests, path.child('tokenRequests'), errors)
  for (const mode of spec.volumeLifecycleModes ?? [])
    if (!lifecycleModes.includes(mode))
      errors.push(notSupported(path.child('volumeLifecycleModes'), mode, lifecycleModes))
  if (spec.seLinuxMount === undefined) errors.push(required(path.child('seLinuxMount')))
  if (period !== undefined && period < minPeriodSeconds) {
    const detail = 'must be greater than or equal to 10 seconds'
    errors.push(invalidValue(path.child('nodeAllocatableUpdatePeriodSeconds'), period, detail))
  }
  const inSecrets = spec.serviceAccountTokenInSecrets
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
    errors.push(invalidValue(path.child('serviceAccountTokenInSecrets'), inSecrets, detail))
  }
}

export function validateCsiDriver(driver: CSIDriver, old: CSIDriver | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const spec = driver.spec ?? {}
  validateSpec(spec, path, errors)
  if (old === undefined) return errors
  validateImmutable(spec.attachRequired, old.spec?.attachRequired, path.child('attachedRequired'), errors)
  const modes = path.child('volumeLifecycleModes')
  validateImmutable(spec.volumeLifecycleModes, old.spec?.volumeLifecycleModes, modes, errors)
  return errors
}
