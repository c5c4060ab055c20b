import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldForbidden, notSupported } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { fieldLabelComplaint } from '../../apimachinery/selectors/field-labels.ts'
import { everyField, FieldMatcher, parseFieldSelector } from '../../apimachinery/selectors/field-selector.ts'
import { everyLabel, type LabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { parseLabelSelector } from '../../apimachinery/selectors/parse-label-selector.ts'
import { badRequest, invalid } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { booleanValue, integerValue } from './query-values.ts'

export type VersionMatch = '' | 'Exact' | 'NotOlderThan'

export interface ListOptions {
  readonly labels: LabelMatcher
  readonly fields: FieldMatcher
  readonly watch: boolean
  readonly allowWatchBookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
  readonly resourceVersion: string
  readonly resourceVersionMatch: VersionMatch
  readonly timeoutSeconds: number | undefined
  readonly limit: number
  readonly continue: string
}

const plain: ListOptions = {
  labels: everyLabel,
  fields: everyField,
  watch: false,
  allowWatchBookmarks: false,
  sendInitialEvents: undefined,
  resourceVersion: '',
  resourceVersionMatch: '',
  timeoutSeconds: undefined,
  limit: 0,
  continue: '',
}

const matchPath = fieldPath('resourceVersionMatch')
const knownMatches = ['Exact', 'NotOlderThan', '']

function validateList(options: ListOptions, match: string): readonly FieldError[] {
  const errors: FieldError[] = []
  if (match !== '') {
    if (options.resourceVersion === '')
      errors.push(
        fieldForbidden(matchPath, 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
      )
    if (options.continue !== '')
      errors.push(fieldForbidden(matchPath, 'resourceVersionMatch is forbidden when continue is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported(matchPath, match, knownMatches))
    if (match === 'Exact' && options.resourceVersion === '0') {
      const detail = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
      errors.push(fieldForbidden(matchPath, detail))
    }
  }
  if (options.sendInitialEvents !== undefined)
    errors.push(fieldForbidden(fieldPath('sendInitialEvents'), 'sendInitialEvents is forbidden for list'))
  return errors
}

function validateWatch(options: ListOptions, match: string): readonly FieldError[] {
  const errors: FieldError[] = []
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    const detail = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
    errors.push(fieldForbidden(matchPath, detail))
  }
  if (match === '') return errors
  if (options.sendInitialEvents === undefined) {
    const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
    errors.push(fieldForbidden(matchPath, detail))
  }
  if (match !== 'NotOlderThan') errors.push(notSupported(matchPath, match, ['NotOlderThan']))
  if (options.continue !== '')
    errors.push(fieldForbidden(matchPath, 'resourceVersionMatch is forbidden when continue is provided'))
  return errors
}

function read(request: ServerRequest): { readonly options: ListOptions; readonly match: string } {
  const { query } = request
  const watch = request.info.verb === 'watch' || booleanValue(query, 'watch') === true
  if (query.isEmpty) return { options: watch ? { ...plain, watch } : plain, match: '' }
  const match = query.get('resourceVersionMatch') ?? ''
  const resourceVersion = query.get('resourceVersion') ?? ''
  const fieldText = query.get('fieldSelector') ?? ''
  const labelText = query.get('labelSelector') ?? ''
  const options: ListOptions = {
    labels: labelText === '' ? everyLabel : parseLabelSelector(labelText),
    fields: fieldText === '' ? everyField : parseFieldSelector(fieldText),
    watch,
    allowWatchBookmarks: booleanValue(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: booleanValue(query, 'sendInitialEvents'),
    resourceVersion,
    resourceVersionMatch: match === 'Exact' || match === 'NotOlderThan' ? match : '',
    timeoutSeconds: integerValue(query, 'timeoutSeconds'),
    limit: Math.max(0, integerValue(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
  }
  return { options, match }
}

/** A watch that starts from "now" or "any" begins with what is there, as upstream's watch lists do. */
function withDefaults(options: ListOptions, match: string): ListOptions {
  if (!options.watch || options.sendInitialEvents !== undefined || match !== '') return options
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') return options
  return { ...options, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
}

/** A name in the URL of a watch, or in its field selector, limits it to that object. */
function withName(options: ListOptions, name: string): ListOptions {
  if (name === '') return options
  if (options.fields.empty)
    return {
      ...options,
      fields: new FieldMatcher([{ field: 'metadata.name', operator: '=', value: name }]),
    }
  if (options.fields.exactValue('metadata.name') === name) return options
  throw badRequest("fieldSelector metadata.name doesn't match requested name")
}

/** Reads and checks a list's or watch's query parameters for a kind. Throws BadRequest and Invalid with upstream's texts. */
export function listOptions(request: ServerRequest, kind: KindDeclaration): ListOptions {
  const { options: sent, match } = read(request)
  const options = withDefaults(sent, match)
  const effectiveMatch = options === sent ? match : 'NotOlderThan'
  const errors = options.watch ? validateWatch(options, effectiveMatch) : validateList(options, match)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, errors)
  for (const { field } of options.fields.requirements) {
    const complaint = fieldLabelComplaint(kind, field)
    if (complaint !== undefined) throw badRequest(complaint)
  }
  return withName(withStoredFields(options, kind), request.info.name)
}

/** Objects are selected as they are stored, where fields may have other names. */
function withStoredFields(options: ListOptions, kind: KindDeclaration): ListOptions {
  const names = kind.stored?.fieldNames
  if (names === undefined || options.fields.empty) return options
  const renamed = options.fields.requirements.map((requirement) => ({
    ...requirement,
    field: names[requirement.field] ?? requirement.field,
  }))
  return { ...options, fields: new FieldMatcher(renamed) }
}
