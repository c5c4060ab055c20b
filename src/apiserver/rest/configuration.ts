import { cborKind } from '../../apimachinery/codec/cbor/cbor-words.ts'
import { decodeCbor } from '../../apimachinery/codec/cbor/decode-cbor.ts'
import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import { goValue } from '../../apimachinery/codec/go-types.ts'
import { parseJson } from '../../apimachinery/codec/json-parse.ts'
import { resolveNumbers } from '../../apimachinery/codec/number-literal.ts'
import { parseYaml } from '../../apimachinery/codec/yaml-body.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { RequestBody, ServerRequest } from '../request.ts'
import { bareType } from './media-types.ts'

/** What somebody applies, as it came in. */
export interface Configuration {
  readonly object: KubernetesObject
  /** Keys that are there twice, in the words of upstream's YAML parser. */
  readonly strictErrors: readonly string[]
}

/** How CBOR that is to be applied is sent. */
export const cborApplyType = 'application/apply-patch+cbor'

interface Read {
  readonly value: unknown
  readonly strictErrors?: readonly string[]
}

const openBrace = 0x7b

/** JSON is YAML, and what kubectl sends; its own parser is much faster, but knows no lines. */
function read(bytes: Uint8Array, yaml: (() => Read) | undefined): Read {
  if (yaml !== undefined) return resolved(yaml())
  const text = new TextDecoder().decode(bytes)
  if (bytes[0] === openBrace) {
    try {
      const { value, exact } = parseJson(text)
      if (exact === undefined) return { value }
      if (exact.duplicates.size === 0) return { value: resolveNumbers(value) }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      // Flow mappings of YAML begin like that, too.
    }
  }
  return resolved(parseYaml(text))
}

const resolved = ({ value, strictErrors = [] }: Read): Read => ({
  value: resolveNumbers(value),
  strictErrors,
})

const isObject = (value: unknown): value is KubernetesObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function configurationOf({ value, strictErrors = [] }: Read): Configuration {
  if (value === null || value === undefined) return { object: {}, strictErrors }
  if (isObject(value)) return { object: value, strictErrors }
  const why = `json: cannot unmarshal ${goValue(value)} into Go value of type map[string]interface {}`
  throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`)
}

/** Numbers are told apart as JSON's are. */
function readCbor(bytes: Uint8Array): Configuration {
  try {
    const { value } = decodeCbor(bytes)
    if (value === null || isObject(value)) return configurationOf({ value: resolveNumbers(value) })
    throw new DecodeError(
      `cbor: cannot unmarshal ${cborKind(value)} into Go value of type map[string]interface {}`,
    )
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(`error decoding YAML: ${error.message}`) : error
  }
}

/** Reads what is to be applied: JSON, YAML or CBOR. Throws BadRequest in upstream's words. */
export async function readConfiguration(request: ServerRequest): Promise<Configuration> {
  const configuration = readAs(request, await request.source.readBody())
  request.audit?.sentPatch(configuration.object)
  return configuration
}

function readAs(request: ServerRequest, body: RequestBody): Configuration {
  if (body.type === 'object') return configurationOf({ value: body.object })
  if (bareType(request.header('content-type')) === cborApplyType) return readCbor(body.bytes)
  try {
    return configurationOf(read(body.bytes, body.yaml))
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`)
  }
}
