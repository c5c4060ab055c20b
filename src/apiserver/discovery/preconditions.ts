import type { ServerRequest } from '../request.ts'

/** What a request's conditions come to. */
export interface Condition {
  /** 200: none stands against an answer. */
  readonly status: 200 | 304 | 412
  /** Ranges are asked for, and of this version. */
  readonly wantsRange: boolean
}

const isWeak = (tag: string): boolean => tag.startsWith('W/')
const tagsOf = (list: string): readonly string[] => list.split(',').map((tag) => tag.trim())

/** Not for what changed within the second. */
const isUnchanged = (time: string, changedMs: number): boolean | undefined => {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? undefined : changedMs <= ms
}

const hasTag = (list: string, etag: string): boolean =>
  tagsOf(list).some((tag) => tag === '*' || (etag !== '' && tag.replace(/^W\//, '') === etag))

function isStale(request: ServerRequest, etag: string, changedMs: number): boolean {
  const tags = request.header('if-match')
  if (tags !== undefined) return !tagsOf(tags).some((tag) => tag === '*' || (!isWeak(tag) && tag === etag))
  return isUnchanged(request.header('if-unmodified-since') ?? '', changedMs) === false
}

/** RFC 9110 §13.2.2, in Go's order and with its exceptions. `etag`: with quotes; '' where there is none. */
export function preconditionOf(request: ServerRequest, etag: string, changedMs: number): Condition {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (isStale(request, etag, changedMs)) return { status: 412, wantsRange: false }
  const known = request.header('if-none-match')
  if (known !== undefined && hasTag(known, etag)) return { status: isRead ? 304 : 412, wantsRange: false }
  const since = request.header('if-modified-since') ?? ''
  if (known === undefined && isRead && isUnchanged(since, changedMs) === true)
    return { status: 304, wantsRange: false }
  return { status: 200, wantsRange: isRangeMeant(request, etag, changedMs) }
}

function isRangeMeant(request: ServerRequest, etag: string, changedMs: number): boolean {
  if (request.header('range') === undefined) return false
  const version = request.header('if-range')
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (!isRead || version === undefined || version === '') return true
  if (version.startsWith('"') || isWeak(version)) return etag !== '' && version === etag
  return Date.parse(version) === changedMs
}
