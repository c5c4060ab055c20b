import type { MaybePromise } from '../authenticator.ts'
import type { Authorizer, AuthorizerDecision } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'

/** Whether a user may `approve`, `sign` or `attest` for a signer: by its name, or for all of its domain. */
export function mayUseSigner(
  authorizer: Authorizer,
  user: UserInfo,
  verb: 'approve' | 'sign' | 'attest',
  signerName: string,
): MaybePromise<boolean> {
  const ask = (name: string): MaybePromise<AuthorizerDecision> =>
    authorizer.authorize({
      user,
      verb,
      name,
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'signers',
      subresource: '',
      namespace: '',
      isResourceRequest: true,
      path: '',
    })
  const allows = ({ decision }: AuthorizerDecision): boolean => decision === 'allow'
  const whole = (own: AuthorizerDecision): MaybePromise<boolean> => {
    if (allows(own)) return true
    const wild = ask(`${signerName.split('/')[0] ?? ''}/*`)
    return wild instanceof Promise ? wild.then(allows) : allows(wild)
  }
  const own = ask(signerName)
  return own instanceof Promise ? own.then(whole) : whole(own)
}

/** Throws `error()` where the answer is no. */
export function orThrow(allowed: MaybePromise<boolean>, error: () => Error): MaybePromise<void> {
  const check = (may: boolean): void => {
    if (!may) throw error()
  }
  return allowed instanceof Promise ? allowed.then(check) : check(allowed)
}
