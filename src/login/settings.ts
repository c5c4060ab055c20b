import type { LoginClient } from './oidc/authorization-request.ts'
import type { KeyTimes } from './oidc/plan-keys.ts'
import type { Directory } from './person.ts'

export interface UsedDirectory {
  readonly directory: Directory
  /** Before its user names and groups: no two directories have the same. */
  readonly prefix: string
}

/** What a login server is. Times are in milliseconds. */
export interface LoginSettings {
  /** https, without a slash at its end; its path is before all others. */
  readonly issuer: string
  readonly clients: ReadonlyMap<string, LoginClient>
  readonly directories: ReadonlyMap<string, UsedDirectory>
  readonly tokenLifeMs: number
  readonly sessionLifeMs: number
  readonly keyTimes: KeyTimes
  /** For how long others may keep the published keys. */
  readonly keysMaxAgeMs: number
}
