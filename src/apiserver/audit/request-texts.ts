import { jsonText } from '../../base/json-text.ts'
import type { Connection, RequestSource, ServerRequest, UserInfo } from '../request.ts'
import type { AuditUser } from './audit-event.ts'
import { sourceAddresses } from './source-addresses.ts'

/** Something and its JSON. */
export interface Quoted<T> {
  readonly value: T
  readonly json: string
}

const quoted = <T>(value: T): Quoted<T> => ({ value, json: jsonText(value) })

export function auditUser(user: UserInfo | undefined): AuditUser {
  if (user === undefined) return {}
  const { name, uid = '', groups, extra = {} } = user
  return {
    ...(name === '' ? {} : { username: name }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

const nobody = quoted(auditUser(undefined))
const isForwarded = (source: RequestSource): boolean =>
  source.header('x-forwarded-for') !== undefined || source.header('x-real-ip') !== undefined

/** What many requests have in common, worked out once for each user, connection and second. */
export class RequestTexts {
  readonly #users = new WeakMap<UserInfo, Quoted<AuditUser>>()
  readonly #addresses = new WeakMap<Connection, Quoted<readonly string[]>>()
  #second = Number.NaN
  #secondText = ''

  user({ user }: ServerRequest): Quoted<AuditUser> {
    if (user === undefined) return nobody
    const known = this.#users.get(user)
    if (known !== undefined) return known
    const made = quoted(auditUser(user))
    this.#users.set(user, made)
    return made
  }

  addresses({ source }: ServerRequest): Quoted<readonly string[]> {
    if (isForwarded(source)) return quoted(sourceAddresses(source))
    const known = this.#addresses.get(source.connection)
    if (known !== undefined) return known
    const made = quoted(sourceAddresses(source))
    this.#addresses.set(source.connection, made)
    return made
  }

  /** `metav1.MicroTime`. */
  time(ms: number): string {
    const second = Math.floor(ms / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#secondText = new Date(second * 1000).toISOString().slice(0, 20)
    }
    const micros = Math.floor((ms - second * 1000) * 1000)
    return `${this.#secondText}${String(micros).padStart(6, '0')}Z`
  }
}
