import { type AccountKeys, accountKeys } from '../../apiserver/authentication/account-keys.ts'
import { standardHeaders } from '../../apiserver/authentication/front-proxy.ts'
import type { AuthenticationTrust } from '../../apiserver/bootstrap/authentication-trust.ts'
import type { KeyPair } from '../pki/certificate.ts'
import type { Pki } from '../pki/ensure-pki.ts'
import { tokenKeys } from '../pki/token-keys.ts'

/** Who an API server is, and whom it believes. */
export interface ApiServerIdentity {
  /** What extension API servers are told of callers' credentials. */
  readonly trust: AuthenticationTrust
  readonly serviceAccounts: {
    /** Who issues tokens now; tokens of the others are still good. */
    readonly issuers: readonly string[]
    /** Of tokens that name none. */
    readonly audiences: readonly string[]
    readonly keys: AccountKeys
    /** Where clients are told to get the public keys; absent: here. */
    readonly keysUrl?: string
    /** The longest life of a token; absent: what validation allows. */
    readonly maxLifeSeconds?: number
    /** Tokens that are put into pods live a year, and warn before; true where absent. */
    readonly extendsInjected?: boolean
    /** The longest life of those; absent: a year. */
    readonly maxExtendedSeconds?: number
  }
  /** What it shows to kubelets, and who signs theirs; absent parts are not shown, or not verified. */
  readonly kubelet: { readonly client?: KeyPair; readonly authorityPem?: string }
  /** What it shows to other API servers when it passes on who asks; absent: nothing. */
  readonly frontProxyClient?: KeyPair
}

/** The identity of a cluster's own server. */
export function ownIdentity(pki: Pki, domain: string): ApiServerIdentity {
  const issuer = `https://kubernetes.default.svc.${domain}`
  return {
    trust: {
      clientAuthority: pki.ca.certificatePem,
      frontProxy: {
        ...standardHeaders,
        authority: pki.frontProxyCa.certificatePem,
        allowedNames: ['front-proxy-client'],
      },
    },
    serviceAccounts: {
      issuers: [issuer],
      audiences: [issuer],
      keys: accountKeys(tokenKeys(pki.serviceAccount.privateKeyPem)),
    },
    kubelet: { client: pki.kubeletClient, authorityPem: pki.ca.certificatePem },
    frontProxyClient: pki.frontProxyClient,
  }
}
