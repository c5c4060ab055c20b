import { Secret } from '../../api/core/secret/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import {
  type AnyController,
  defineController,
  done,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import {
  type ServiceAccount as Account,
  filledSecret,
  isTokenOf,
  keyOf,
  parseKey,
  type SignClaims,
  type TokenKey,
  tokenType,
} from './token-secret.ts'

export interface ServiceAccountTokenOptions {
  /** PEM; '': Secrets do not say it. */
  readonly rootCertificate: string
  readonly sign: SignClaims
}

/** Whoever came first has seen to it. */
async function unlessOthers(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error
  }
}

/** The account that a Secret is of, from the cache or, since the Secret goes if there is none, from the server. */
async function accountOf(
  { namespace, account, accountUid }: TokenKey,
  { cache, api }: ReconcileContext,
  asks: boolean,
): Promise<Account | undefined> {
  const isIt = (found: Account | undefined): boolean =>
    found !== undefined && (accountUid === '' || found.metadata?.uid === accountUid)
  const cached = cache.of(ServiceAccount).get(namespace, account)
  if (isIt(cached)) return cached
  if (!asks || account === '') return undefined
  try {
    const live = await api.resource(ServiceAccount).get(namespace, account)
    return isIt(live) ? live : undefined
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

async function forget(key: TokenKey, context: ReconcileContext): Promise<void> {
  const account = await accountOf(key, context, false)
  const { secrets = [] } = account ?? {}
  const kept = secrets.filter(({ name }) => name !== key.name)
  if (account === undefined || kept.length === secrets.length) return
  await unlessOthers(context.api.resource(ServiceAccount).update({ ...account, secrets: kept }))
}

/** Secrets of type `kubernetes.io/service-account-token` hold a token of their ServiceAccount. */
export function serviceAccountTokenController({
  rootCertificate,
  sign,
}: ServiceAccountTokenOptions): AnyController {
  const selection = { fieldSelector: `type=${tokenType}` }
  return defineController({
    name: 'serviceaccount-token',
    watches: [
      watching({ kind: Secret, selection, keys: (secret) => [keyOf(secret)] }),
      watching({
        kind: ServiceAccount,
        when: (account) => account === undefined,
        keys: (account, { cache }) =>
          cache
            .of(Secret)
            .list(account.metadata?.namespace)
            .filter((secret) => isTokenOf(secret, account))
            .map(keyOf),
      }),
    ],
    permissions: [
      { group: '', resources: ['secrets'], verbs: ['delete', 'update'] },
      { group: '', resources: ['serviceaccounts'], verbs: ['update'] },
    ],
    reconcile: async (text, context) => {
      const key = parseKey(text)
      const { namespace, name, uid } = key
      const secrets = context.api.resource(Secret)
      const secret = context.cache.of(Secret).get(namespace, name)
      if (secret === undefined || secret.metadata?.uid !== uid) {
        await forget(key, context)
        return done
      }
      const account = await accountOf(key, context, true)
      if (account === undefined) {
        await unlessOthers(secrets.delete(namespace, name, { preconditions: { uid } }))
        return done
      }
      const filled = filledSecret(secret, account, rootCertificate, sign)
      if (filled !== secret) await unlessOthers(secrets.update(filled))
      return done
    },
  })
}
