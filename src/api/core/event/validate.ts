import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkText } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'

type Event = core.v1.Event

const maxNameBytes = 128
const maxMessageBytes = 1024

/** Upstream never shows these values. */
const hidden = ''

function checkLength(value: string, max: number, field: string, errors: FieldError[]): void {
  if (utf8Length(value) > max) errors.push(invalidValue(field, hidden, `can have at most ${max} characters`))
}

function checkRequiredLength(value: string, field: string, errors: FieldError[]): void {
  if (value === '') errors.push(required(field))
  checkLength(value, maxNameBytes, field, errors)
}

/** `reporter` is how the version in use calls the reporting controller. */
function validateForAll(event: Event, reporter: string, errors: FieldError[]): void {
  const namespace = event.metadata.namespace ?? ''
  const involved = event.involvedObject.namespace ?? ''
  const mismatch = invalidValue('involvedObject.namespace', involved, 'does not match event.namespace')
  if ((event.eventTime ?? '') === '') {
    const agrees = involved === '' ? namespace === '' || namespace === 'default' : involved === namespace
    if (!agrees) errors.push(mismatch)
  } else {
    if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch)
    const { reportingComponent = '' } = event
    if (reportingComponent === '') errors.push(required(reporter))
    checkText(reportingComponent, isQualifiedName, reporter, errors)
    checkRequiredLength(event.reportingInstance ?? '', 'reportingInstance', errors)
    checkRequiredLength(event.action ?? '', 'action', errors)
    checkRequiredLength(event.reason ?? '', 'reason', errors)
    checkLength(event.message ?? '', maxMessageBytes, 'message', errors)
  }
  checkText(namespace, isDns1123Subdomain, 'namespace', errors)
}

function validateSeries({ series }: Event, errors: FieldError[]): void {
  if (series === undefined) return
  if ((series.count ?? 0) < 2) errors.push(invalidValue('series.count', hidden, 'should be at least 2'))
  if ((series.lastObservedTime ?? '') === '') errors.push(required('series.lastObservedTime'))
}

function validateNew(event: Event, errors: FieldError[]): void {
  const { type = '', source = {} } = event
  validateSeries(event, errors)
  if ((event.eventTime ?? '') === '') errors.push(required('eventTime'))
  if (type !== 'Normal' && type !== 'Warning')
    errors.push(invalidValue('type', hidden, `has invalid value: ${type}`))
  for (const field of ['firstTimestamp', 'lastTimestamp'] as const)
    if ((event[field] ?? '') !== '') errors.push(invalidValue(field, hidden, 'needs to be unset'))
  if ((event.count ?? 0) !== 0) errors.push(invalidValue('count', hidden, 'needs to be unset'))
  if ((source.component ?? '') !== '' || (source.host ?? '') !== '')
    errors.push(invalidValue('source', hidden, 'needs to be unset'))
}

/** Upstream checks the reason twice. */
const immutableFields = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const

function validateChange(event: Event, old: Event, errors: FieldError[]): void {
  if (!semanticallyEqual(event.series, old.series)) validateSeries(event, errors)
  for (const field of immutableFields) {
    const path = fieldPath(field === 'reportingComponent' ? 'reportingController' : field)
    validateImmutable(event[field], old[field], path, errors)
  }
}

/** An event that came in as core/v1, which has always been lenient. */
export function validateCoreEvent(event: Event): readonly FieldError[] {
  const errors: FieldError[] = []
  validateForAll(event, 'reportingComponent', errors)
  return errors
}

/** An event that came in as events.k8s.io/v1, in its stored form: fields are named as they are there. */
export function validateStrictEvent(event: Event, old: Event | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  validateForAll(event, 'reportingController', errors)
  if (old === undefined) validateNew(event, errors)
  else validateChange(event, old, errors)
  return errors
}
