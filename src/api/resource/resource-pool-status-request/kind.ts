import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isLongName, isLongNameCaseless, maxSubdomainBytes } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { nameColumn, since } from '../../columns.ts'
import { type FieldRule, validateDeclaratively } from '../../declarative-validation.ts'
import { fill, set } from '../../defaulting.ts'
import type { resource } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'

type Request = resource.v1alpha3.ResourcePoolStatusRequest

const defaultLimit = 100
/** Upstream shows the segment that is wrong, or the whole name where one is missing. */
const poolName = (text: string) =>
  text.split('/').flatMap((part, index) =>
    (part === '' ? ['must not be empty'] : isLongName(part)).map((complaint) => ({
      shown: part === '' ? text : part,
      complaint: `segment ${index}: ${complaint}`,
    })),
  )
const count: FieldRule = { minimum: 0 }
const driver: FieldRule = { required: true, format: isLongNameCaseless }

const specRules: FieldRule = {
  immutable: true,
  fields: {
    driver,
    poolName: { isPointer: true, format: poolName, maxBytes: maxSubdomainBytes },
    limit: { minimum: 1, maximum: 1000 },
  },
}

const statusRules: FieldRule = {
  fields: {
    poolCount: { required: true, minimum: 0 },
    pools: {
      maxItems: 1000,
      items: {
        fields: {
          driver,
          poolName: { required: true, format: poolName, maxBytes: maxSubdomainBytes },
          nodeName: { isPointer: true, format: isLongName },
          totalDevices: count,
          allocatedDevices: count,
          availableDevices: count,
          unavailableDevices: count,
          resourceSliceCount: { minimum: 1 },
          generation: { required: true, minimum: 0 },
          validationError: { maxBytes: 256 },
        },
      },
    },
    conditions: { maxItems: 10, key: 'type' },
  },
}

function validate(
  request: Request,
  old: Request | undefined,
  { subresource, features }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const run = { features, isUpdate: old !== undefined }
  const path = fieldPath('status')
  if (old !== undefined && subresource === 'status') {
    if (old.status !== undefined) validateImmutable(request.status, old.status, path, errors)
    else validateConditions(request.status?.conditions, path.child('conditions'), errors)
  }
  validateDeclaratively(request.spec, old?.spec, specRules, fieldPath('spec'), run, errors)
  if (request.status !== undefined)
    validateDeclaratively(request.status, old?.status, statusRules, path, run, errors)
  return errors
}

/** There is no status until a controller writes the answer. */
function withoutStatus(request: Request): Request {
  const { status: _status, ...rest } = request
  return rest
}

const conditionOf = ({ status }: Request) =>
  status?.conditions?.find(
    (condition) =>
      (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True',
  )

function stateOf(request: Request): string {
  const type = conditionOf(request)?.type ?? 'Pending'
  const shown = request.status?.pools?.length ?? 0
  const all = request.status?.poolCount ?? 0
  return type === 'Complete' && all > shown ? `Complete (${shown}/${all} pools)` : type
}

type Counted = 'totalDevices' | 'availableDevices' | 'allocatedDevices' | 'unavailableDevices'

const sumOf = (request: Request, read: (pool: resource.v1alpha3.PoolStatus) => number): string =>
  request.status === undefined || conditionOf(request)?.type === 'Failed'
    ? '-'
    : String((request.status.pools ?? []).reduce((sum, pool) => sum + read(pool), 0))

const devices = (name: string, field: Counted) => ({
  name,
  type: 'string' as const,
  value: (request: Request) => sumOf(request, (pool) => pool[field] ?? 0),
})

const completedAt = (request: Request) => {
  const condition = conditionOf(request)
  return condition?.type === 'Complete' ? condition.lastTransitionTime : undefined
}

/** Asks how many devices the pools of a driver have left. */
export const ResourcePoolStatusRequest = defineKind<Request>({
  group: 'resource.k8s.io',
  version: 'v1alpha3',
  kind: 'ResourcePoolStatusRequest',
  resource: 'resourcepoolstatusrequests',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequest',
  returnsDeleted: true,
  subresources: { status: {} },
  allowUnconditionalUpdate: false,
  defaults: (request) => set(request, 'spec', fill(request.spec ?? {}, { limit: defaultLimit })),
  prepareForCreate: withoutStatus,
  prepareForUpdate: carryOverMetadata,
  validate,
  columns: [
    nameColumn,
    {
      name: 'Driver',
      type: 'string',
      value: ({ spec }) => spec?.driver ?? '',
    },
    devices('Total', 'totalDevices'),
    devices('Available', 'availableDevices'),
    devices('Allocated', 'allocatedDevices'),
    devices('Unavailable', 'unavailableDevices'),
    {
      name: 'Errors',
      type: 'string',
      value: (request) => sumOf(request, ({ validationError }) => (validationError === undefined ? 0 : 1)),
    },
    {
      name: 'Pools',
      type: 'integer',
      value: ({ status }) => status?.poolCount ?? 0,
    },
    { name: 'Status', type: 'string', value: stateOf },
    {
      name: 'Completed',
      type: 'string',
      value: (request, nowMs) => {
        const time = completedAt(request)
        return time === undefined ? '<none>' : since(time, nowMs)
      },
    },
  ],
})
