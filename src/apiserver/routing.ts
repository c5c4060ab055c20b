import { type StatusError, statusError } from '../apimachinery/status-error.ts'
import type { ServerRequest } from './request.ts'
import { type Headers, type ServerResponse, textResponse } from './response.ts'

/** Upstream's answers to what none of its routes is for; they are found before anything else is looked at. */
export const notRouted = (): StatusError =>
  statusError('NotFound', 'the server could not find the requested resource', {})

export const methodRefused = (): StatusError =>
  statusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** Of a path that is a service of its own: it can be read, also with a slash at its end; below it there is nothing. */
export function checkService({ path, method }: ServerRequest, base: string): void {
  if (path !== base && path !== `${base}/`) throw notRouted()
  if (method !== 'GET') throw methodRefused()
}

export const noRepresentation = (produced: readonly string[]): StatusError =>
  statusError('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`, {})

export const noMediaType = (): StatusError =>
  statusError('UnsupportedMediaType', '415: Unsupported Media Type', {})

/** Text that no browser takes for anything else. */
export const plainError = (text: string, status: number, headers: Headers = {}): ServerResponse =>
  textResponse(`${text}\n`, status, undefined, { 'x-content-type-options': 'nosniff', ...headers })

/** What is below no group at all. */
export const pageNotFound = (): ServerResponse => plainError('404 page not found', 404)

/** Answers paths that nobody serves: those of the server's own groups as its API does, others as any web server. */
export class UnknownPaths {
  readonly #groups: ReadonlySet<string>

  constructor(groups: Iterable<string>) {
    this.#groups = new Set(groups)
  }

  /** Throws NotFound, or gives a page. */
  answer(path: string): ServerResponse {
    const [, prefix, group = ''] = path.split('/')
    if (prefix === 'api' || (prefix === 'apis' && this.#groups.has(group))) throw notRouted()
    return pageNotFound()
  }
}
