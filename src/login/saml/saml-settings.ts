/** An identity provider that speaks SAML 2.0. */
export interface SamlSettings {
  readonly name: string
  readonly title: string
  /** Who it is, as its assertions say. */
  readonly idpIssuer: string
  /** Where browsers are sent. */
  readonly entryPoint: string
  /** PEM, one or several: of those who may sign. */
  readonly certificates: readonly string[]
  /** Who we are to it: assertions must be for us. */
  readonly entityId: string
  /** Where browsers come back to. */
  readonly callbackUrl: string
  /** Names of attributes; absent: the subject's NameID is the ID and the user name. */
  readonly idAttribute?: string
  readonly usernameAttribute?: string
  readonly nameAttribute?: string
  readonly emailAttribute?: string
  readonly groupsAttribute?: string
  /** By which clocks may differ. */
  readonly clockSkewMs: number
}
