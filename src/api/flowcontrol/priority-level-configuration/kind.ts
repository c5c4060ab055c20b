import { defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { fill, set } from '../../defaulting.ts'
import type { flowcontrol } from '../../generated/types/index.ts'
import { validateFlowConditions } from '../validate-conditions.ts'

type PriorityLevel = flowcontrol.v1.PriorityLevelConfiguration
type Queuing = flowcontrol.v1.QueuingConfiguration

const maxQueues = 10_000_000
/** Of the hash that hands are dealt from. */
const maxHashBits = 60
const queuingDefaults = { handSize: 8, queues: 64, queueLengthLimit: 50 }

/** 0 counts as not set. */
const defaultQueuing = (queuing: Queuing): Queuing => ({
  ...queuing,
  handSize: queuing.handSize || queuingDefaults.handSize,
  queues: queuing.queues || queuingDefaults.queues,
  queueLengthLimit: queuing.queueLengthLimit || queuingDefaults.queueLengthLimit,
})

function defaultPriorityLevel(level: PriorityLevel): PriorityLevel {
  let { spec } = level
  if (spec?.exempt !== undefined)
    spec = set(spec, 'exempt', fill(spec.exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 }))
  if (spec?.limited !== undefined) {
    let limited = fill(spec.limited, { nominalConcurrencyShares: 30, lendablePercent: 0 })
    const response = limited.limitResponse
    if (response?.queuing !== undefined)
      limited = { ...limited, limitResponse: { ...response, queuing: defaultQueuing(response.queuing) } }
    spec = set(spec, 'limited', limited)
  }
  return spec === undefined ? level : set(level, 'spec', spec)
}

/** How many bits it takes to deal a hand from so many cards. */
function requiredBits(deckSize: number, handSize: number): number {
  let hands = 1
  for (let card = 0; card < handSize; card++) hands *= deckSize - card
  return Math.ceil(Math.log2(hands))
}

function validateQueuing(queuing: Queuing, path: FieldPath, errors: FieldError[]): void {
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing
  const refuse = (field: string, value: number, detail: string): void => {
    errors.push(invalidValue(path.child(field), value, detail))
  }
  if (queueLengthLimit <= 0) refuse('queueLengthLimit', queueLengthLimit, 'must be positive')
  if (queues <= 0) refuse('queues', queues, 'must be positive')
  else if (queues > maxQueues) refuse('queues', queues, `must not be greater than ${maxQueues}`)
  if (handSize <= 0) refuse('handSize', handSize, 'must be positive')
  else if (handSize > queues) refuse('handSize', handSize, `should not be greater than queues (${queues})`)
  else if (requiredBits(queues, handSize) > maxHashBits) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`
    refuse('handSize', handSize, detail)
  }
}

function validateResponse(
  response: Partial<flowcontrol.v1.LimitResponse>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { type = '', queuing } = response
  const where = path.child('queuing')
  if (type === 'Reject') {
    const detail = 'must be nil if limited.limitResponse.type is not Limited'
    if (queuing !== undefined) errors.push(fieldForbidden(where, detail))
  } else if (type !== 'Queue') errors.push(notSupported(path.child('type'), type, ['Queue', 'Reject']))
  else if (queuing === undefined)
    errors.push(required(where, 'must not be empty if limited.limitResponse.type is Limited'))
  else validateQueuing(queuing, where, errors)
}

function validateShares(
  shares: { readonly nominalConcurrencyShares?: number; readonly lendablePercent?: number },
  path: FieldPath,
  errors: FieldError[],
): void {
  const { nominalConcurrencyShares: nominal = 0, lendablePercent: lendable = 0 } = shares
  if (nominal < 0) {
    const detail = 'must be a non-negative integer'
    errors.push(invalidValue(path.child('nominalConcurrencyShares'), nominal, detail))
  }
  if (lendable < 0 || lendable > 100) {
    const detail = 'must be between 0 and 100, inclusive'
    errors.push(invalidValue(path.child('lendablePercent'), lendable, detail))
  }
}

function validateLimited(
  limited: flowcontrol.v1.LimitedPriorityLevelConfiguration,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateResponse(limited.limitResponse ?? {}, path.child('limitResponse'), errors)
  validateShares(limited, path, errors)
  const borrowing = limited.borrowingLimitPercent ?? 0
  if (borrowing < 0) {
    const detail = 'if specified, must be a non-negative integer'
    errors.push(invalidValue(path.child('borrowingLimitPercent'), borrowing, detail))
  }
}

function validateSpec(level: PriorityLevel, errors: FieldError[]): void {
  const path = fieldPath('spec')
  const { type = '', limited, exempt } = level.spec ?? {}
  if ((level.metadata?.name === 'exempt') !== (type === 'Exempt')) {
    const detail = "must be 'Exempt' if and only if `name` is 'exempt'"
    errors.push(invalidValue(path.child('type'), type, detail))
  }
  if (type === 'Exempt') {
    if (limited !== undefined)
      errors.push(fieldForbidden(path.child('limited'), 'must be nil if the type is not Limited'))
    if (exempt !== undefined) validateShares(exempt, path.child('exempt'), errors)
  } else if (type === 'Limited') {
    if (exempt !== undefined)
      errors.push(fieldForbidden(path.child('exempt'), 'must be nil if the type is Limited'))
    if (limited === undefined)
      errors.push(required(path.child('limited'), 'must not be empty when type is Limited'))
    else validateLimited(limited, path.child('limited'), errors)
  } else errors.push(notSupported(path.child('type'), type, ['Exempt', 'Limited']))
}

function validate(
  level: PriorityLevel,
  old: PriorityLevel | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old === undefined || context.subresource !== 'status') validateSpec(level, errors)
  validateFlowConditions(level.status?.conditions, errors)
  return errors
}

const queuingCell =
  (field: keyof Queuing) =>
  ({ spec }: PriorityLevel): string | number =>
    spec?.limited?.limitResponse?.queuing?.[field] ?? '<none>'

export const PriorityLevelConfiguration = defineKind<PriorityLevel>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  resource: 'prioritylevelconfigurations',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration',
  changedMetadata: ['whole'],
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  hasGeneration: true,
  defaults: defaultPriorityLevel,
  validate,
  columns: [
    nameColumn,
    { name: 'Type', type: 'string', value: ({ spec }) => spec?.type ?? '' },
    {
      name: 'NominalConcurrencyShares',
      type: 'string',
      value: ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? '<none>',
    },
    { name: 'Queues', type: 'string', value: queuingCell('queues') },
    { name: 'HandSize', type: 'string', value: queuingCell('handSize') },
    { name: 'QueueLengthLimit', type: 'string', value: queuingCell('queueLengthLimit') },
    ageColumn,
  ],
})
