import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fill, set } from '../../defaulting.ts'
import type { apiregistration } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { nameComplaints, validateApiService } from './validate.ts'

type APIService = apiregistration.v1.APIService

function defaultApiService(service: APIService): APIService {
  const reference = service.spec?.service
  if (service.spec === undefined || reference === undefined) return service
  return set(service, 'spec', set(service.spec, 'service', fill(reference, { port: 443 })))
}

/** What this API server serves itself is there at once. */
function prepareForCreate(service: APIService, { nowMs }: WriteContext): APIService {
  if (service.spec?.service !== undefined) return { ...service, status: {} }
  const available = {
    type: 'Available',
    status: 'True',
    reason: 'Local',
    message: 'Local APIServices are always available',
    lastTransitionTime: formatTime(nowMs),
  }
  return { ...service, status: { conditions: [available] } }
}

function availableOf({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available')
  if (condition === undefined) return 'Unknown'
  const { reason = '' } = condition
  return condition.status === 'True' || reason === '' ? condition.status : `${condition.status} (${reason})`
}

function serviceOf({ spec }: APIService): string {
  const service = spec?.service
  return service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`
}

export const APIService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  resource: 'apiservices',
  namespaced: false,
  schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  changedMetadata: ['change', 'whole'],
  categories: ['api-extensions'],
  looseFinalizers: true,
  nameRule: 'path-segment',
  nameComplaints,
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  storagePrefix: 'apiregistration.k8s.io/apiservices',
  allowUnconditionalUpdate: false,
  defaults: defaultApiService,
  prepareForCreate,
  prepareForUpdate: carryOverMetadata,
  validate: validateApiService,
  columns: [
    nameColumn,
    {
      name: 'Service',
      type: 'string',
      value: serviceOf,
    },
    {
      name: 'Available',
      type: 'string',
      value: availableOf,
    },
    ageColumn,
  ],
})
