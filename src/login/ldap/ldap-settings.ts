/** How passwords are kept from the wire. */
export type LdapSecurity = 'tls' | 'starttls' | 'none'

/** A directory that speaks LDAP. */
export interface LdapSettings {
  readonly name: string
  readonly title: string
  readonly host: string
  readonly port: number
  readonly security: LdapSecurity
  /** PEM; absent: the system's. */
  readonly certificateAuthority?: string
  /** Who searches; absent: nobody in particular. The password is read anew each time. */
  readonly searcher?: { readonly dn: string; readonly password: () => string }
  readonly users: {
    readonly baseDn: string
    /** With `{username}`; finds only those who may log in. */
    readonly filter: string
    readonly usernameAttribute: string
    readonly idAttribute: string
    readonly nameAttribute: string
    readonly emailAttribute: string
  }
  readonly groups?: {
    readonly baseDn: string
    /** With `{dn}` or `{username}`, of whom the groups are wanted. */
    readonly filter: string
    readonly nameAttribute: string
    /** Whether groups of groups are searched for, step by step: for servers that cannot do it themselves. */
    readonly nested: boolean
  }
  /** For the connection, and for each answer. */
  readonly timeoutMs: number
}
