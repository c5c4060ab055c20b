/** What begins a request, checked as RFC 9113 §8.2 and §8.3 demand. */
export interface RequestHead {
  readonly method: string
  /** Path and query; '' for CONNECT. */
  readonly target: string
  /** Names in lower case and values in turn, without pseudo-header fields. */
  readonly fields: readonly string[]
  readonly contentLength: number | undefined
  /** The client sends its body only once it is asked to. */
  readonly expectsContinue: boolean
}

const forbidden: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

interface Pseudo {
  readonly method: string
  readonly scheme: string
  readonly authority: string
  readonly target: string
  /** Where the other fields begin. */
  readonly end: number
}

function pseudoFields(fields: readonly string[]): Pseudo | undefined {
  let method: string | undefined
  let scheme: string | undefined
  let authority: string | undefined
  let target: string | undefined
  let at = 0
  for (; fields[at]?.startsWith(':'); at += 2) {
    const value = fields[at + 1] ?? ''
    const name = fields[at]
    if (name === ':method' && method === undefined) method = value
    else if (name === ':path' && target === undefined) target = value
    else if (name === ':scheme' && scheme === undefined) scheme = value
    else if (name === ':authority' && authority === undefined) authority = value
    else return undefined
  }
  return {
    method: method ?? '',
    scheme: scheme ?? '',
    authority: authority ?? '',
    target: target ?? '',
    end: at,
  }
}

function isComplete({ method, scheme, authority, target }: Pseudo): boolean {
  if (method === 'CONNECT') return authority !== '' && scheme === '' && target === ''
  return method !== '' && scheme !== '' && target !== ''
}

/** Whether fields after the pseudo-header fields, or trailers, are such as may be there. */
export function areRegularFields(fields: readonly string[], start: number): boolean {
  for (let at = start; at < fields.length; at += 2) {
    const name = fields[at] ?? ''
    if (name.startsWith(':') || forbidden.has(name)) return false
    if (name === 'te' && fields[at + 1] !== 'trailers') return false
  }
  return true
}

/** NaN where there are several that differ, or it is no number. */
function announcedLength(fields: readonly string[]): number | undefined {
  let found: string | undefined
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] !== 'content-length') continue
    const value = fields[at + 1] ?? ''
    if (!/^\d{1,15}$/.test(value) || (found !== undefined && found !== value)) return Number.NaN
    found = value
  }
  return found === undefined ? undefined : Number(found)
}

/** Undefined: the request is malformed. */
export function requestHead(decoded: readonly string[]): RequestHead | undefined {
  const pseudo = pseudoFields(decoded)
  if (pseudo === undefined || !isComplete(pseudo) || !areRegularFields(decoded, pseudo.end)) return undefined
  const fields = decoded.slice(pseudo.end)
  const contentLength = announcedLength(fields)
  if (Number.isNaN(contentLength)) return undefined
  const expect = fields.indexOf('expect')
  const expectsContinue =
    expect >= 0 && expect % 2 === 0 && fields[expect + 1]?.toLowerCase() === '100-continue'
  return { method: pseudo.method, target: pseudo.target, fields, contentLength, expectsContinue }
}
