import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported } from '../../apimachinery/field-errors.ts'
import { badRequest, invalid } from '../../apimachinery/status-error.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { Query } from '../query.ts'
import { booleanValue, integerValue } from '../rest/query-values.ts'

/** PodLogOptions, as the query says it. */
export interface LogOptions {
  readonly container: string
  readonly follow: boolean
  readonly insecure: boolean
  /** For the kubelet. */
  readonly parameters: readonly (readonly [string, string])[]
}

const streams = ['All', 'Stdout', 'Stderr']

function check(query: Query, stream: string): readonly FieldError[] {
  const tailLines = integerValue(query, 'tailLines')
  const limitBytes = integerValue(query, 'limitBytes')
  const sinceSeconds = integerValue(query, 'sinceSeconds')
  const errors: FieldError[] = []
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalidValue('tailLines', tailLines, 'must be greater than or equal to 0'))
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalidValue('limitBytes', limitBytes, 'must be greater than 0'))
  }
  if (sinceSeconds !== undefined && query.has('sinceTime')) {
    errors.push(fieldForbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalidValue('sinceSeconds', sinceSeconds, 'must be greater than 0'))
  }
  if (!streams.includes(stream)) errors.push(notSupported('stream', stream, streams))
  if (stream !== 'All' && tailLines !== undefined) {
    errors.push(fieldForbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'))
  }
  return errors
}

/** Throws Invalid or BadRequest. `pod` is for their texts. */
export function logOptions(query: Query, pod: string): LogOptions {
  const stream = query.get('stream') || 'All'
  const errors = check(query, stream)
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions', name: pod }, errors)
  const sinceTime = query.get('sinceTime')
  if (sinceTime !== undefined && parseTime(sinceTime) === undefined) {
    throw badRequest(`parsing time ${JSON.stringify(sinceTime)}: cannot parse it as RFC 3339`)
  }
  const parameters: [string, string][] = []
  for (const name of ['follow', 'previous', 'timestamps']) {
    if (booleanValue(query, name) === true) parameters.push([name, 'true'])
  }
  for (const name of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes']) {
    const value = query.get(name)
    if (value !== undefined && value !== '') parameters.push([name, value])
  }
  parameters.push(['stream', stream])
  return {
    container: query.get('container') ?? '',
    follow: booleanValue(query, 'follow') === true,
    insecure: booleanValue(query, 'insecureSkipTLSVerifyBackend') === true,
    parameters,
  }
}
