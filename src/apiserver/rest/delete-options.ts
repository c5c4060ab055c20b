import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, notSupported } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { DeleteOptions } from '../../apimachinery/meta.ts'
import { badRequest, invalid } from '../../apimachinery/status-error.ts'
import type { Query } from '../query.ts'
import { booleanValue, integerValue } from './query-values.ts'
import { validateDryRun } from './write-options.ts'

const policies = ['Foreground', 'Background', 'Orphan']

function validate(options: DeleteOptions): readonly FieldError[] {
  const errors: FieldError[] = []
  const { propagationPolicy, orphanDependents } = options
  const path = fieldPath('propagationPolicy')
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    const detail = 'orphanDependents and deletionPropagation cannot be both set'
    errors.push(invalidValue(path, propagationPolicy, detail))
  }
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy))
    errors.push(notSupported(path, propagationPolicy, [...policies, 'nil']))
  errors.push(...validateDryRun(options.dryRun ?? []))
  return errors
}

/** Throws Invalid with upstream's texts. */
export function checkDeleteOptions(options: DeleteOptions): DeleteOptions {
  const errors = validate(options)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, errors)
  return options
}

/** DeleteOptions from the query, for requests without a body. */
export function deleteOptionsFromQuery(query: Query): DeleteOptions {
  if (query.isEmpty) return {}
  const gracePeriodSeconds = integerValue(query, 'gracePeriodSeconds')
  const orphanDependents = booleanValue(query, 'orphanDependents')
  const propagationPolicy = query.get('propagationPolicy')
  const dryRun = query.all('dryRun')
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function expectType(value: unknown, type: string, name: string): void {
  if (value === undefined || value === null || typeof value === type) return
  throw badRequest(`json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.${name}`)
}

/** DeleteOptions from a decoded body; unknown fields do not count. */
export function deleteOptionsFromBody(body: unknown): DeleteOptions {
  if (!isRecord(body)) throw badRequest('decoded object cannot be converted to DeleteOptions')
  const { kind = 'DeleteOptions', gracePeriodSeconds, orphanDependents, propagationPolicy } = body
  if (kind !== 'DeleteOptions') throw badRequest('decoded object cannot be converted to DeleteOptions')
  expectType(gracePeriodSeconds, 'number', 'gracePeriodSeconds of type int64')
  expectType(orphanDependents, 'boolean', 'orphanDependents of type bool')
  expectType(propagationPolicy, 'string', 'propagationPolicy of type v1.DeletionPropagation')
  const { preconditions, dryRun } = body
  return {
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    ...(typeof orphanDependents === 'boolean' ? { orphanDependents } : {}),
    ...(typeof propagationPolicy === 'string' ? { propagationPolicy } : {}),
    ...(Array.isArray(dryRun) && dryRun.length > 0 ? { dryRun: dryRun.map(String) } : {}),
    ...(isRecord(preconditions) ? { preconditions: preconditionsFrom(preconditions) } : {}),
  }
}

function preconditionsFrom(value: Readonly<Record<string, unknown>>): {
  readonly uid?: string
  readonly resourceVersion?: string
} {
  const { uid, resourceVersion } = value
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  }
}
