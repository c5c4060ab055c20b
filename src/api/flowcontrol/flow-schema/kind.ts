import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { flowcontrol } from '../../generated/types/index.ts'
import { validateFlowSchema } from './validate.ts'

type FlowSchema = flowcontrol.v1.FlowSchema

const defaultPrecedence = 1000

/** 0 counts as not set. */
function defaultFlowSchema(schema: FlowSchema): FlowSchema {
  if (schema.spec === undefined || (schema.spec.matchingPrecedence ?? 0) !== 0) return schema
  return set(schema, 'spec', { ...schema.spec, matchingPrecedence: defaultPrecedence })
}

export const FlowSchema = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  resource: 'flowschemas',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.FlowSchema',
  changedMetadata: ['whole'],
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  hasGeneration: true,
  defaults: defaultFlowSchema,
  validate: validateFlowSchema,
  columns: [
    nameColumn,
    {
      name: 'PriorityLevel',
      type: 'string',
      value: ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '',
    },
    { name: 'MatchingPrecedence', type: 'string', value: ({ spec }) => spec?.matchingPrecedence ?? 0 },
    {
      name: 'DistinguisherMethod',
      type: 'string',
      value: ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>',
    },
    ageColumn,
    {
      name: 'MissingPL',
      type: 'string',
      value: ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    },
  ],
})
