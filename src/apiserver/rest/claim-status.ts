import type { resource as api } from '../../api/generated/types/index.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldForbidden } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { assert } from '../../base/assert.ts'
import type { AuthorizerAttributes } from '../authorizer.ts'
import { attributesOf, refusal } from '../chain/authorization.ts'
import type { ServerRequest, UserInfo } from '../request.ts'
import type { Resource } from './resource.ts'

type Claim = api.v1.ResourceClaim
type Status = api.v1.ResourceClaimStatus

const gate = 'DRAResourceClaimGranularStatusAuthorization'
const devicesGate = 'DRAResourceClaimDeviceStatus'
const nodeNameKey = 'authentication.kubernetes.io/node-name'

interface Question {
  readonly resource: Resource
  readonly request: ServerRequest
  readonly user: UserInfo
}

/**
 * Who writes a ResourceClaim's status needs more than that: the permission for `resourceclaims/binding` to allocate or
 * reserve, and for `resourceclaims/driver`, by the driver's name, to say something of its devices (KEP-4817).
 * Undefined for every other write.
 */
export function claimStatusErrors(
  resource: Resource,
  request: ServerRequest,
  object: KubernetesObject,
  old: KubernetesObject,
): Promise<readonly FieldError[]> | undefined {
  const { kind, context } = resource
  const { info, user } = request
  if (kind.group !== 'resource.k8s.io' || kind.resource !== 'resourceclaims') return undefined
  if (info.subresource !== 'status' || !context.features.enabled(gate)) return undefined
  assert(user !== undefined, 'a request is to be authorized without a user')
  const [status = {}, before = {}] = [object as Claim, old as Claim].map((claim) => claim.status)
  return errorsOf({ resource, request, user }, status, before)
}

async function errorsOf(question: Question, status: Status, before: Status): Promise<readonly FieldError[]> {
  const errors: FieldError[] = []
  const path = fieldPath('status')
  const isBound =
    semanticallyEqual(status.allocation, before.allocation) &&
    semanticallyEqual(status.reservedFor, before.reservedFor)
  if (!isBound) await authorizeBinding(question, path.child('allocation'), errors)
  const says = question.resource.context.features.enabled(devicesGate) && status.allocation !== undefined
  if (says) await authorizeDevices(question, status, before, path.child('devices'), errors)
  return errors
}

/** Undefined: it is allowed; else why not. */
async function whyNot(
  { resource, request, user }: Question,
  changes: Pick<AuthorizerAttributes, 'verb' | 'subresource' | 'namespace' | 'name'>,
): Promise<string | undefined> {
  const attributes = { ...attributesOf(request, user), ...changes }
  const { decision, reason, error } = await resource.context.authorizer.authorize(attributes)
  if (decision === 'allow') return undefined
  const all = [error, reason].filter((text) => text !== undefined && text !== '').join(': ')
  return refusal(attributes, all).message
}

async function authorizeBinding(question: Question, where: FieldPath, errors: FieldError[]): Promise<void> {
  const { verb } = question.request.info
  const why = await whyNot(question, { verb, subresource: 'binding', namespace: '', name: '' })
  if (why === undefined) return
  const what = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission`
  errors.push(fieldForbidden(where, `${what}: ${why}`))
}

async function authorizeDevices(
  question: Question,
  status: Status,
  before: Status,
  where: FieldPath,
  errors: FieldError[],
): Promise<void> {
  const { verb, namespace } = question.request.info
  const isOnNode = nodeOf(question.user) !== undefined && nodeOf(question.user) === allocatedNode(status)
  const verbs = [...(isOnNode ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`]
  for (const name of changedDrivers(status, before)) {
    let first: string | undefined
    let isAllowed = false
    for (const asked of verbs) {
      const why = await whyNot(question, { verb: asked, subresource: 'driver', namespace, name })
      first ??= why
      isAllowed = why === undefined
      if (isAllowed) break
    }
    if (isAllowed) continue
    const what = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission`
    errors.push(fieldForbidden(where, `${what}: ${first}`))
  }
}

const keyOf = ({ driver, pool, device, shareID = '' }: api.v1.AllocatedDeviceStatus): string =>
  JSON.stringify([driver, pool, device, shareID])

/** Of which devices something else is said, sorted. */
function changedDrivers({ devices = [] }: Status, before: Status): readonly string[] {
  const old = new Map((before.devices ?? []).map((device) => [keyOf(device), device]))
  const changed = new Set<string>()
  for (const device of devices) {
    const key = keyOf(device)
    if (!semanticallyEqual(old.get(key), device)) changed.add(device.driver)
    old.delete(key)
  }
  for (const { driver } of old.values()) changed.add(driver)
  return [...changed].sort()
}

/** Of a service account's token, if it is bound to a node. */
function nodeOf({ name, extra }: UserInfo): string | undefined {
  const names = extra?.[nodeNameKey] ?? []
  return name.startsWith('system:serviceaccount:') && names.length === 1 ? names[0] : undefined
}

/** The only node that what was allocated can be used on. */
function allocatedNode({ allocation }: Status): string | undefined {
  const terms = allocation?.nodeSelector?.nodeSelectorTerms ?? []
  const { matchExpressions = [], matchFields = [] } = terms[0] ?? {}
  const [field] = matchFields
  if (terms.length !== 1 || matchExpressions.length > 0 || matchFields.length !== 1) return undefined
  const names = field?.key === 'metadata.name' && field.operator === 'In' ? (field.values ?? []) : []
  return names.length === 1 ? names[0] : undefined
}
