import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import { goValue } from '../../apimachinery/codec/go-types.ts'
import { parseJson } from '../../apimachinery/codec/json-parse.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { decodeBase64Url, encodeBase64Url } from '../../base/base64.ts'

/** Where a list goes on: after an object's id, as of a revision (-1: the newest, inconsistent with what came before). */
export interface Continuation {
  readonly revision: number
  readonly after: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const version = 'meta.k8s.io/v1'
const invalidKey = 'continue key is not valid'

/** Upstream's token: the key after which to go on, relative to the list's own prefix, and the list's revision. */
export function encodeContinue({ revision, after }: Continuation, namespace: string): string {
  const prefix = namespace === '' ? '' : `${namespace}/`
  const token = { v: version, rv: revision, start: `/${after.slice(prefix.length)}\0` }
  return encodeBase64Url(encoder.encode(JSON.stringify(token)))
}

/** Where Go's decoder stumbles: over the first wrong character, or over a last one that stands alone. */
function badByte(token: string): number {
  const wrong = token.search(/[^A-Za-z0-9_-]/)
  return wrong < 0 ? token.length - 1 : wrong
}

const fail = (why: string): Error => badRequest(`invalid continue token: ${why}`)

function parse(token: string): Readonly<Record<string, unknown>> {
  const bytes = decodeBase64Url(token)
  if (bytes === undefined) throw fail(`${invalidKey}: illegal base64 data at input byte ${badByte(token)}`)
  try {
    const { value } = parseJson(decoder.decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    throw fail(
      `${invalidKey}: json: cannot unmarshal ${goValue(value)} into Go value of type storage.continueToken`,
    )
  } catch (error) {
    throw error instanceof DecodeError ? fail(`${invalidKey}: ${error.message}`) : error
  }
}

/** Throws BadRequest with upstream's texts. */
export function decodeContinue(token: string, namespace: string): Continuation {
  const { v, rv, start } = parse(token)
  if (v !== version)
    throw fail(`${invalidKey}: server does not recognize this encoded version ${String(v ?? '')}`)
  if (typeof rv !== 'number' || rv === 0)
    throw fail(`${invalidKey}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)`)
  if (typeof start !== 'string' || start === '')
    throw fail(`${invalidKey}: encoded start key empty (version meta.k8s.io/v1)`)
  const key = start.startsWith('/') ? start.slice(1) : start
  if (key.split('/').some((part) => part === '..' || part === '.' || part === ''))
    throw fail(`${invalidKey}: ${start}`)
  const prefix = namespace === '' ? '' : `${namespace}/`
  return { revision: rv, after: prefix + (key.endsWith('\0') ? key.slice(0, -1) : key) }
}
