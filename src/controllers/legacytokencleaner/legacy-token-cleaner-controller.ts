import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { podSecretNames } from '../../api/core/pod/pod-references.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import {
  type AnyController,
  type Caches,
  defineController,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import { dateMs, dateOf, invalidSinceLabel, judgeToken } from './plan-token.ts'

type SecretType = core.v1.Secret

const tokenType = 'kubernetes.io/service-account-token'
const dayMs = 86_400_000
/** Upstream's --legacy-service-account-token-clean-up-period. */
const defaultPeriodMs = 365 * dayMs

const key = 'all tokens'

export interface LegacyTokenCleanerOptions {
  /** How long a token may go unused before it is marked, and then before it is deleted; a year where absent. */
  readonly periodMs?: number
}

/** When uses have been noted long enough to tell anything; undefined: they are not. */
async function trackedSinceMs({ api }: ReconcileContext): Promise<number | undefined> {
  const name = 'kube-apiserver-legacy-service-account-token-tracking'
  try {
    const { data } = await api.resource(ConfigMap).get('kube-system', name)
    const sinceMs = dateMs(data?.since)
    return sinceMs === undefined ? undefined : sinceMs + dayMs
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

/** Whether it was made for its service account by upstream of old, which names it, and no pod mounts it. */
function isForgotten({ metadata }: SecretType, cache: Caches): boolean {
  const { namespace = '', name = '', annotations } = metadata ?? {}
  const uid = annotations?.['kubernetes.io/service-account.uid'] ?? ''
  const accountName = annotations?.['kubernetes.io/service-account.name'] ?? ''
  const account = cache.of(ServiceAccount).get(namespace, accountName)
  if (account === undefined || (uid !== '' && uid !== account.metadata?.uid)) return false
  if (!(account.secrets ?? []).some((reference) => reference.name === name)) return false
  return !cache
    .of(Pod)
    .list(namespace)
    .some((pod) => [...podSecretNames(pod)].includes(name))
}

async function cleanUp(secret: SecretType, periodMs: number, context: ReconcileContext): Promise<void> {
  const { api, cache, host } = context
  const { namespace = '', name = '', uid, resourceVersion } = secret.metadata ?? {}
  const verdict = judgeToken(secret, periodMs, host.now())
  if (verdict === 'keep' || !isForgotten(secret, cache)) return
  const secrets = api.resource(Secret)
  try {
    if (verdict === 'delete') {
      await secrets.delete(
        namespace,
        name,
        resourceVersion === undefined ? {} : { preconditions: { resourceVersion } },
      )
    } else {
      const patch = { metadata: { uid, labels: { [invalidSinceLabel]: dateOf(host.now()) } } }
      await secrets.patch(namespace, name, 'application/merge-patch+json', patch)
    }
  } catch (error) {
    if (!isStatus(error, 'NotFound', 'Conflict')) throw error
  }
}

/** Marks tokens of service accounts that nobody has used for a year, and deletes them a year later. */
export function legacyTokenCleanerController({
  periodMs = defaultPeriodMs,
}: LegacyTokenCleanerOptions = {}): AnyController {
  return defineController({
    name: 'legacy-serviceaccount-token-cleaner',
    watches: [
      // Only for the selection: nothing that happens to a token makes it unused.
      watching({ kind: Secret, selection: { fieldSelector: `type=${tokenType}` }, keys: () => [] }),
    ],
    reads: [ServiceAccount, Pod],
    permissions: [
      { group: '', resources: ['configmaps'], verbs: ['get'] },
      { group: '', resources: ['secrets'], verbs: ['delete', 'patch'] },
    ],
    workers: 1,
    setUp: ({ enqueue }) => enqueue(key),
    reconcile: async (_key, context) => {
      const sinceMs = await trackedSinceMs(context)
      if (sinceMs === undefined || context.host.now() < sinceMs + periodMs) return requeueAfter(dayMs)
      for (const secret of context.cache.of(Secret).list())
        if (secret.type === tokenType) await cleanUp(secret, periodMs, context)
      return requeueAfter(dayMs)
    },
  })
}
