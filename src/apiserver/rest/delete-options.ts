import type { ObjectDecoder } from '../../apimachinery/codec/decode-object.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, notSupported } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import type { DeleteOptions, KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { badRequest, invalid } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import type { Query } from '../query.ts'
import { booleanValue, integerValue } from './query-values.ts'
import { validateDryRun } from './write-options.ts'

type SentOptions = DeleteOptions & Pick<KubernetesObject, 'apiVersion' | 'kind'>

/** What is needed to read options. */
export interface OptionsContext {
  readonly decoder: ObjectDecoder
  readonly schemas: Schemas
}

/** The option to delete what cannot be read. */
export const unsafeOption = 'ignoreStoreReadErrorWithClusterBreakingPotential'

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
  errors.push(...validateDryRun(options.dryRun ?? []), ...validateUnsafe(options))
  return errors
}

/** What is about to be deleted unread takes no other wishes. */
function validateUnsafe(options: DeleteOptions): readonly FieldError[] {
  if (options[unsafeOption] !== true) return []
  const { dryRun = [], propagationPolicy, orphanDependents, gracePeriodSeconds, preconditions } = options
  const given = {
    dryRun: dryRun.length > 0,
    propagationPolicy: propagationPolicy !== undefined,
    orphanDependents: orphanDependents !== undefined,
    gracePeriodSeconds: gracePeriodSeconds !== undefined,
    preconditions: preconditions !== undefined,
  }
  return Object.entries(given)
    .filter(([, isGiven]) => isGiven)
    .map(([name]) => invalidValue(fieldPath(unsafeOption), true, `cannot be set together with .${name}`))
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
  const unsafe = booleanValue(query, unsafeOption)
  const dryRun = query.all('dryRun')
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(unsafe === undefined ? {} : { [unsafeOption]: unsafe }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  }
}

const optionsSchema = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
const scheme = '"pkg/apis/meta/internalversion/scheme/register.go:27"'

/** DeleteOptions from a body as it came; unknown fields do not count. Throws BadRequest in upstream's words. */
export function deleteOptionsFromBody({ decoder, schemas }: OptionsContext, body: unknown): DeleteOptions {
  const schema = schemas.get(optionsSchema)
  assert(schema !== undefined, 'the schema of DeleteOptions is among the built-in ones')
  const { kind, version, group } = decoder.kindOf(body)
  if (kind !== '' && kind !== 'DeleteOptions') {
    const apiVersion = goQuote(group === '' ? version : `${group}/${version}`)
    throw badRequest(`no kind ${goQuote(kind)} is registered for version ${apiVersion} in scheme ${scheme}`)
  }
  const { kind: _kind, apiVersion: _version, ...options } = decoder.conform(body, schema) as SentOptions
  return options
}
