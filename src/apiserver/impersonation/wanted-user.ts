import { goQuote } from '../../apimachinery/go-text.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'

/** Whom a request wants to be, as its headers say it. */
export interface WantedUser {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: ReadonlyMap<string, readonly string[]>
}

const noExtra: ReadonlyMap<string, readonly string[]> = new Map()
const extraPrefix = 'impersonate-extra-'

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

function extraOf(request: ServerRequest): ReadonlyMap<string, readonly string[]> {
  let extra: Map<string, readonly string[]> | undefined
  for (const name of request.source.headerNames()) {
    if (!name.startsWith(extraPrefix)) continue
    const key = unescapeKey(name.slice(extraPrefix.length))
    extra ??= new Map()
    extra.set(key, [...(extra.get(key) ?? []), ...request.source.headerValues(name)])
  }
  return extra ?? noExtra
}

const goStrings = (values: readonly string[]): string =>
  values.length === 0 ? '[]string(nil)' : `[]string{${values.map(goQuote).join(', ')}}`

/** As Go prints it (`%#v`): upstream's message shows it. */
function goUser({ name, uid, groups, extra }: WantedUser): string {
  const pairs = [...extra].map(([key, values]) => `${goQuote(key)}:${goStrings(values)}`)
  const map = pairs.length === 0 ? '(nil)' : `{${pairs.join(', ')}}`
  return `&user.DefaultInfo{Name:${goQuote(name)}, UID:${goQuote(uid)}, Groups:${goStrings(groups)}, Extra:map[string][]string${map}}`
}

/** Undefined where nobody is impersonated. Throws BadRequest for headers that name no user. */
export function wantedUser(request: ServerRequest): WantedUser | undefined {
  if (!request.source.hasHeaderLike('impersonate-')) return undefined
  const wanted: WantedUser = {
    name: request.header('impersonate-user') ?? '',
    uid: request.header('impersonate-uid') ?? '',
    groups: request.header('impersonate-group') === undefined ? [] : groupsOf(request),
    extra: extraOf(request),
  }
  if (wanted.name !== '') return wanted
  if (wanted.uid === '' && wanted.groups.length === 0 && wanted.extra.size === 0) return undefined
  throw badRequest(`requested ${goUser(wanted)} without impersonating a user name`)
}

const groupsOf = (request: ServerRequest): readonly string[] =>
  request.source.headerValues('impersonate-group')
