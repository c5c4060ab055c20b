import type { core } from '../../api/generated/types/index.ts'
import { encodeBase64 } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'

/** In whose name a credential provider is asked (KEP-4412). */
export interface TokenAttributes {
  readonly audience: string
  /** A pod without a service account is not asked for. */
  readonly requiresAccount: boolean
  /** For whom an answer holds: whoever has the same token, or the same account. */
  readonly cacheType: 'ServiceAccount' | 'Token'
  readonly requiredAnnotations: readonly string[]
  readonly optionalAnnotations: readonly string[]
}

/** Where accounts and their tokens come from; both reject. */
export interface AccountReader {
  account(namespace: string, name: string): Promise<core.v1.ServiceAccount>
  token(pod: core.v1.Pod, audience: string): Promise<string>
}

/** What a provider is told of a pod's service account. */
export interface WorkloadClaim {
  readonly account: core.v1.ServiceAccount
  readonly token: string
  readonly annotations: Readonly<Record<string, string>>
  /** The same for whom one answer is asked for, and for whom it holds. */
  readonly askedAs: string
  readonly keptAs: string
}

const failed = (what: string) => (error: unknown) => {
  throw new Error(`failed to get ${what}: ${messageOf(error)}`)
}

/** 'none': the provider is not for this pod; undefined: it is asked without an account. Rejects with upstream's texts. */
export async function accountClaim(
  tokens: TokenAttributes,
  pod: core.v1.Pod | undefined,
  accounts: AccountReader,
  host: Pick<Host, 'sha256'>,
): Promise<WorkloadClaim | 'none' | undefined> {
  const name = pod?.spec?.serviceAccountName ?? ''
  if (pod === undefined || name === '') return tokens.requiresAccount ? 'none' : undefined
  const namespace = pod.metadata?.namespace ?? ''
  const account = await accounts.account(namespace, name).catch(failed('service account'))
  const all = account.metadata?.annotations ?? {}
  // An account without them has not asked to be used for pulls.
  if (tokens.requiredAnnotations.some((key) => all[key] === undefined)) return 'none'
  const annotations = Object.fromEntries(
    [...tokens.requiredAnnotations, ...tokens.optionalAnnotations]
      .sort()
      .flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])),
  )
  const token = await accounts.token(pod, tokens.audience).catch(failed('service account token'))
  const hash = encodeBase64(host.sha256(new TextEncoder().encode(token)))
  const own = [namespace, name, account.metadata?.uid, annotations]
  return {
    ...{ account, token, annotations },
    askedAs: JSON.stringify([hash, annotations]),
    keptAs: JSON.stringify(tokens.cacheType === 'Token' ? [...own, hash] : own),
  }
}
