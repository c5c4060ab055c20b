import { cborMediaType } from '../../apimachinery/codec/cbor/cbor-body.ts'
import { type StatusError, statusError } from '../../apimachinery/status-error.ts'

export const jsonType = 'application/json'
export const yamlType = 'application/yaml'
export const protobufType = 'application/vnd.kubernetes.protobuf'
export const cborType = cborMediaType

export type MediaType = typeof jsonType | typeof yamlType | typeof protobufType | typeof cborType

/** In upstream's order: the first is what counts when nothing is said. */
export const mediaTypes: readonly MediaType[] = [jsonType, yamlType, protobufType]

/** Those of a server that speaks CBOR, too. */
export const mediaTypesWithCbor: readonly MediaType[] = [...mediaTypes, cborType]

/** The gate of CBOR. */
export const cborGate = 'CBORServingAndStorage'

const parameter = /^\s*[^\s=;]+=(?:"[^"]*"|[^\s";=]*)\s*$/

/** A Content-Type without its parameters, in lower case. */
export function bareType(contentType: string | undefined): string {
  if (contentType === undefined) return ''
  const semicolon = contentType.indexOf(';')
  if (semicolon < 0) return contentType.trim().toLowerCase()
  const [type = '', ...parameters] = contentType.split(';')
  // What is no media type to Go's parser is none that anybody reads.
  if (!parameters.every((each) => each.trim() === '' || parameter.test(each))) return contentType
  return type.trim().toLowerCase()
}

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  statusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )

export const notAcceptable = (accepted: readonly string[]): StatusError =>
  statusError('NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`)
