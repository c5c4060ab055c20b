import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldForbidden, notSupported, required } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { validateFieldManager } from '../../apimachinery/object-meta-validation.ts'
import { invalid } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { booleanValue } from './query-values.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** CreateOptions, UpdateOptions or PatchOptions. */
export interface WriteOptions {
  readonly dryRun: boolean
  /** What the manager of the written fields is called: the parameter, or the first part of the user agent. */
  readonly manager: string
  readonly fieldValidation: FieldValidation
  readonly force: boolean
  /** The options object as admission sees it. */
  readonly object: Readonly<Record<string, unknown>>
}

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

const maxManagerBytes = 128

/** The user agent up to its first slash, printable characters only. */
function managerFromUserAgent(request: ServerRequest): string {
  const agent = request.header('user-agent') ?? ''
  const slash = agent.indexOf('/')
  const name = slash < 0 ? agent : agent.slice(0, slash)
  return name.replace(/[^\x20-\x7e]/g, '').slice(0, maxManagerBytes)
}

export const validateDryRun = (values: readonly string[]): readonly FieldError[] =>
  values.every((value) => value === 'All') ? [] : [notSupported(fieldPath('dryRun'), values, ['All'])]

const validations = ['', 'Ignore', 'Strict', 'Warn']

function validate(request: ServerRequest, apply: boolean | undefined): readonly FieldError[] {
  const { query } = request
  const errors: FieldError[] = []
  const manager = query.get('fieldManager') ?? ''
  if (apply === true && manager === '')
    errors.push(required(fieldPath('fieldManager'), 'is required for apply patch'))
  if (apply === false && query.has('force'))
    errors.push(fieldForbidden(fieldPath('force'), 'may not be specified for non-apply patch'))
  validateFieldManager(manager, fieldPath('fieldManager'), errors)
  errors.push(...validateDryRun(query.all('dryRun')))
  const fieldValidation = query.get('fieldValidation') ?? ''
  if (!validations.includes(fieldValidation))
    errors.push(notSupported(fieldPath('fieldValidation'), fieldValidation, validations))
  return errors
}

/** Reads a write's query parameters. `apply` only for PATCH. Throws Invalid with upstream's texts. */
export function writeOptions(request: ServerRequest, kind: OptionsKind, apply?: boolean): WriteOptions {
  const { query } = request
  const header = { kind, apiVersion: 'meta.k8s.io/v1' }
  if (query.isEmpty && apply !== true) {
    const manager = managerFromUserAgent(request)
    return { dryRun: false, manager, fieldValidation: 'Warn', force: false, object: header }
  }
  const errors = validate(request, apply)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind, name: '' }, errors)
  const dryRun = query.all('dryRun')
  const fieldManager = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') ?? ''
  const force = booleanValue(query, 'force')
  return {
    dryRun: dryRun.length > 0,
    manager: fieldManager === '' ? managerFromUserAgent(request) : fieldManager,
    fieldValidation: fieldValidation === 'Ignore' || fieldValidation === 'Strict' ? fieldValidation : 'Warn',
    force: force ?? false,
    object: {
      ...header,
      ...(dryRun.length === 0 ? {} : { dryRun }),
      ...(force === undefined ? {} : { force }),
      ...(fieldManager === '' ? {} : { fieldManager }),
      ...(fieldValidation === '' ? {} : { fieldValidation }),
    },
  }
}

/** Admission sees a create as CreateOptions and an update as UpdateOptions, whatever the request was. */
export function optionsAs(options: WriteOptions, kind: OptionsKind): Readonly<Record<string, unknown>> {
  if (options.object['kind'] === kind) return options.object
  const { force: _force, ...rest } = options.object
  return { ...rest, kind }
}
