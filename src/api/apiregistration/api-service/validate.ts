import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { isPortNumber } from '../../../apimachinery/label-syntax.ts'
import {
  type Complaints,
  isDns1035Label,
  isDns1123Subdomain,
  isPathSegmentName,
} from '../../../apimachinery/names.ts'
import { checkPresent, checkText } from '../../checks.ts'
import { decodedLength } from '../../core/data-size.ts'
import type { apiregistration } from '../../generated/types/index.ts'

type APIService = apiregistration.v1.APIService
type Spec = Partial<apiregistration.v1.APIServiceSpec>

const statuses: readonly string[] = ['True', 'False', 'Unknown']
const path = fieldPath('spec')

function checkPriority(value: number, max: number, where: FieldPath, errors: FieldError[]): void {
  if (value <= 0 || value > max)
    errors.push(invalidValue(where, value, `must be positive and less than ${max}`))
}

function validateLocal({ caBundle = '', insecureSkipTLSVerify }: Spec, errors: FieldError[]): void {
  if (caBundle !== '') {
    const detail = 'local APIServices may not have a caBundle'
    errors.push(invalidValue(path.child('caBundle'), `${decodedLength(caBundle)} bytes`, detail))
  }
  if (insecureSkipTLSVerify === true) {
    const detail = 'local APIServices may not have insecureSkipTLSVerify'
    errors.push(invalidValue(path.child('insecureSkipTLSVerify'), true, detail))
  }
}

function validateRemote(
  spec: Spec,
  service: apiregistration.v1.ServiceReference,
  errors: FieldError[],
): void {
  const where = path.child('service')
  checkPresent(service.namespace, where, 'namespace', errors)
  checkPresent(service.name, where, 'name', errors)
  const port = service.port ?? 0
  const complaints = isPortNumber(port)
  if (complaints.length > 0)
    errors.push(invalidValue(where.child('port'), port, `port is not valid: ${complaints.join(', ')}`))
  if (spec.insecureSkipTLSVerify === true && (spec.caBundle ?? '') !== '') {
    const detail = 'may not be true if caBundle is present'
    errors.push(invalidValue(path.child('insecureSkipTLSVerify'), true, detail))
  }
}

function validateStatus({ status }: APIService, errors: FieldError[]): void {
  status?.conditions?.forEach((condition, index) => {
    const where = fieldPath('status.conditions').index(index).child('status')
    if (!statuses.includes(condition.status)) errors.push(notSupported(where, condition.status, statuses))
  })
}

export function nameComplaints(name: string, { spec }: APIService): Complaints {
  const unfit = isPathSegmentName(name)
  if (unfit.length > 0) return unfit
  const expected = `${spec?.version ?? ''}.${spec?.group ?? ''}`
  return name === expected ? [] : [`must be \`spec.version+"."+spec.group\`: ${goQuote(expected)}`]
}

export function validateApiService(
  object: APIService,
  old: APIService | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateStatus(object, errors)
    return errors
  }
  const spec: Spec = object.spec ?? {}
  const { group = '', version = '', service } = spec
  if (old !== undefined) {
    const name = object.metadata?.name ?? ''
    for (const complaint of nameComplaints(name, object))
      errors.push(invalidValue('metadata.name', name, complaint))
  }
  if (group !== '') checkText(group, isDns1123Subdomain, path.child('group'), errors)
  else if (version !== 'v1') {
    const detail = 'only v1 may have an empty group and it better be legacy kube'
    errors.push(required(path.child('group'), detail))
  }
  checkText(version, isDns1035Label, path.child('version'), errors)
  checkPriority(spec.groupPriorityMinimum ?? 0, 20_000, path.child('groupPriorityMinimum'), errors)
  checkPriority(spec.versionPriority ?? 0, 1000, path.child('versionPriority'), errors)
  if (service === undefined) validateLocal(spec, errors)
  else validateRemote(spec, service, errors)
  return errors
}
