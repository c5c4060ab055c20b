import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { goList } from '../../../apimachinery/go-text.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import {
  type Complaints,
  formatComplaint,
  isDns1035Label,
  isDns1123Subdomain,
} from '../../../apimachinery/names.ts'
import { checkText } from '../../checks.ts'
import type { apiserverinternal } from '../../generated/types/index.ts'

type StorageVersion = apiserverinternal.v1alpha1.StorageVersion
type ServerVersion = apiserverinternal.v1alpha1.ServerStorageVersion
type Status = apiserverinternal.v1alpha1.StorageVersionStatus

const emptyComplaint = 'must be non-empty'

export function nameComplaints(name: string): Complaints {
  const dot = name.lastIndexOf('.')
  if (dot < 0) return ['name must be in the form of <group>.<resource>']
  return [
    ...isDns1123Subdomain(name.slice(0, dot)).map((complaint) => `the group segment ${complaint}`),
    ...isDns1035Label(name.slice(dot + 1)).map((complaint) => `the resource segment ${complaint}`),
  ]
}

const part = (name: string, text: string, complaints: (text: string) => Complaints): Complaints =>
  (text === '' ? [emptyComplaint] : complaints(text)).map((complaint) => `${name} part: ${complaint}`)

function apiVersionComplaints(apiVersion: string): Complaints {
  const parts = apiVersion.split('/')
  const [first = '', second] = parts
  if (parts.length > 2) {
    const message =
      "a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
    const rule = formatComplaint(message, '[a-z]([-a-z0-9]*[a-z0-9])?', 'my-name', 'abc-123')
    const more = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')"
    return [`an apiVersion is ${rule} ${more}`]
  }
  if (second === undefined) return part('version', first, isDns1035Label)
  return [...part('group', first, isDns1123Subdomain), ...part('version', second, isDns1035Label)]
}

function checkVersion(version: string, where: FieldPath, errors: FieldError[]): void {
  const complaints = apiVersionComplaints(version)
  if (complaints.length > 0) errors.push(invalidValue(where, version, complaints.join(',')))
}

function validateServer(server: Partial<ServerVersion>, path: FieldPath, errors: FieldError[]): void {
  const { apiServerID = '', encodingVersion = '', decodableVersions = [], servedVersions = [] } = server
  checkText(apiServerID, isDns1123Subdomain, path.child('apiServerID'), errors)
  checkVersion(encodingVersion, path.child('encodingVersion'), errors)
  const decodable = path.child('decodableVersions')
  decodableVersions.forEach((version, index) => {
    checkVersion(version, decodable.index(index), errors)
  })
  if (!decodableVersions.includes(encodingVersion)) {
    const detail = `decodableVersions must include encodingVersion ${encodingVersion}`
    errors.push(invalidValue(decodable, server.decodableVersions ?? null, detail))
  }
  servedVersions.forEach((version, index) => {
    const where = path.child('servedVersions').index(index)
    checkVersion(version, where, errors)
    if (decodableVersions.includes(version)) return
    const all = goList(decodableVersions)
    const detail = `individual served version : ${version} must be included in decodableVersions : ${all}`
    errors.push(invalidValue(where, version, detail))
  })
}

function validateCommon(status: Partial<Status>, path: FieldPath, errors: FieldError[]): void {
  const { storageVersions = [], commonEncodingVersion: claimed } = status
  const where = path.child('commonEncodingVersion')
  const [first] = storageVersions
  const agreed = storageVersions.every((each) => each.encodingVersion === first?.encodingVersion)
  const actual = agreed && first !== undefined ? (first.encodingVersion ?? '') : undefined
  if (actual === undefined && claimed !== undefined) {
    const detail =
      'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet'
    errors.push(invalidValue(where, claimed, detail))
  } else if (actual !== undefined && claimed === undefined)
    errors.push(invalidValue(where, null, `the common encoding version is ${actual}`))
  else if (actual !== undefined && actual !== claimed)
    errors.push(invalidValue(where, claimed, `the actual common encoding version is ${actual}`))
}

/** Upstream's paths leave out `conditions`. */
function validateConditions(status: Partial<Status>, path: FieldPath, errors: FieldError[]): void {
  const known = new Map<string, number>()
  status.conditions?.forEach((condition, index) => {
    const where = path.index(index)
    const before = known.get(condition.type)
    if (before !== undefined) {
      const detail = `the type of the condition is not unique, it also appears in conditions[${before}]`
      errors.push(invalidValue(where.child('type'), condition.type, detail))
    }
    known.set(condition.type, index)
    checkText(condition.type ?? '', isQualifiedName, where.child('type'), errors)
    checkText(condition.status ?? '', isQualifiedName, where.child('status'), errors)
    if ((condition.reason ?? '') === '') errors.push(required(where.child('reason')))
    if ((condition.message ?? '') === '') errors.push(required(where.child('message')))
  })
}

export function validateStorageVersion(
  object: StorageVersion,
  old: StorageVersion | undefined,
  { subresource }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && subresource !== 'status') return errors
  const path = fieldPath('status')
  const status: Partial<Status> = object.status ?? {}
  const servers = new Set<string>()
  status.storageVersions?.forEach((server, index) => {
    const where = path.child('storageVersions').index(index)
    const id = server.apiServerID ?? ''
    if (servers.has(id)) errors.push(duplicate(where.child('apiServerID'), id))
    servers.add(id)
    validateServer(server, where, errors)
  })
  validateCommon(status, path, errors)
  validateConditions(status, path, errors)
  return errors
}
