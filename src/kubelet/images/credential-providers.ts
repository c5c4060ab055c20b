import type { core } from '../../api/generated/types/index.ts'
import { parseGoDuration } from '../../apimachinery/go-duration.ts'
import { defined } from '../../base/defined.ts'
import type { Host } from '../../base/host.ts'
import { isRecord } from '../../base/is-record.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import {
  type AccountReader,
  accountClaim,
  type TokenAttributes,
  type WorkloadClaim,
} from './account-claim.ts'
import type { ProviderMetrics } from './provider-metrics.ts'
import { type CredentialEntry, isForImage } from './pull-credentials.ts'

/** What a provider is asked; the last two in the name of a pod's service account. */
export interface CredentialQuestion {
  readonly image: string
  readonly serviceAccountToken?: string
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>
}

/** A program that knows what to log in to some registries with (https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/). */
export interface CredentialProvider {
  readonly name: string
  /** As keys of a docker configuration. */
  readonly matchImages: readonly string[]
  /** For answers that do not say how long they hold; 0: they are asked for each time. */
  readonly defaultCacheMs: number
  /** Absent: it is not told for which pod it is asked. */
  readonly tokens?: TokenAttributes
  /** Its CredentialProviderResponse, whose version has been looked at. */
  ask(question: CredentialQuestion): Promise<unknown>
}

/** The providers of a node, and a hash of what they were configured with. */
export interface ConfiguredProviders {
  readonly providers: readonly CredentialProvider[]
  readonly configHash: string
}

interface CachedAnswer {
  readonly entries: readonly CredentialEntry[]
  readonly untilMs: number
}

interface CachedProvider extends CredentialProvider {
  readonly cache: Map<string, CachedAnswer>
}

export interface CredentialProvidersOptions {
  readonly providers: readonly CredentialProvider[]
  readonly host: Pick<Host, 'now' | 'monotonicMs' | 'sha256'>
  readonly logger: Logger
  readonly accounts: AccountReader
  readonly metrics?: ProviderMetrics | undefined
}

const everyImage = '<global>'
const registryOf = (image: string): string => image.split('/')[0] ?? ''

/** Answers that are kept for each provider; the oldest goes first. */
const maxCached = 1000

/** Asks the node's credential providers, and keeps what they say for as long as it holds. */
export class CredentialProviders {
  readonly #options: CredentialProvidersOptions
  readonly #providers: readonly CachedProvider[]
  /** Who asks for the same at the same time waits for one answer. */
  readonly #asked = new Map<string, Promise<readonly CredentialEntry[]>>()

  constructor(options: CredentialProvidersOptions) {
    this.#options = options
    this.#providers = options.providers.map((provider) => ({ ...provider, cache: new Map() }))
  }

  /** What the providers of an image's registry give for a pod, or for the node itself; one that fails gives nothing. */
  async entries(image: string, pod?: core.v1.Pod): Promise<readonly CredentialEntry[]> {
    const asked = this.#providers
      .filter(({ matchImages }) => matchImages.some((pattern) => isForImage(pattern, image)))
      .map((provider) => this.#tryProvider(provider, image, pod))
    return (await Promise.all(asked)).flat()
  }

  async #tryProvider(
    provider: CachedProvider,
    image: string,
    pod: core.v1.Pod | undefined,
  ): Promise<readonly CredentialEntry[]> {
    try {
      const { accounts, host } = this.#options
      const claim = provider.tokens && (await accountClaim(provider.tokens, pod, accounts, host))
      if (claim === 'none') return []
      const entries = await this.#shared(provider, image, claim)
      return claim === undefined ? entries : entries.map((entry) => ({ ...entry, account: claim.account }))
    } catch (error) {
      const { namespace = '', name = '' } = pod?.metadata ?? {}
      this.#options.logger.error('a credential provider gave nothing', {
        ...{ provider: provider.name, image, pod: `${namespace}/${name}`, error: messageOf(error) },
      })
      return []
    }
  }

  #shared(
    provider: CachedProvider,
    image: string,
    claim: WorkloadClaim | undefined,
  ): Promise<readonly CredentialEntry[]> {
    const key = JSON.stringify([provider.name, image, claim?.askedAs])
    const under = this.#asked.get(key)
    if (under !== undefined) return under
    const asking = this.#ask(provider, image, claim).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asking)
    return asking
  }

  async #ask(
    provider: CachedProvider,
    image: string,
    claim: WorkloadClaim | undefined,
  ): Promise<readonly CredentialEntry[]> {
    const { cache } = provider
    const nowMs = this.#options.host.now()
    const keyOf = (scope: string): string => JSON.stringify([scope, claim?.keptAs])
    for (const key of [image, registryOf(image), everyImage].map(keyOf)) {
      const cached = cache.get(key)
      if (cached !== undefined && cached.untilMs > nowMs) return cached.entries
      cache.delete(key)
    }
    const { token, annotations } = claim ?? {}
    const answer = parseAnswer(
      await this.#run(provider, {
        image,
        ...defined({ serviceAccountToken: token, serviceAccountAnnotations: annotations }),
      }),
    )
    const echoes = token !== undefined && answer.entries.some(({ auth }) => auth.password === token)
    if (echoes && provider.tokens?.cacheType !== 'Token') {
      throw new Error(
        "credential provider plugin returned the service account token as the password which is not allowed when service account cache type is not set to 'Token'",
      )
    }
    const holdsMs = answer.cacheMs ?? provider.defaultCacheMs
    if (holdsMs > 0) {
      const [oldest] = cache.keys()
      if (cache.size >= maxCached && oldest !== undefined) cache.delete(oldest)
      const untilMs = this.#options.host.now() + holdsMs
      cache.set(keyOf(scopeFor(answer.scope, image)), { entries: answer.entries, untilMs })
    }
    return answer.entries
  }

  async #run({ name, ask }: CredentialProvider, question: CredentialQuestion): Promise<unknown> {
    const { host, metrics } = this.#options
    const fromMs = host.monotonicMs()
    let failed = true
    try {
      const answer = await ask(question)
      failed = false
      return answer
    } finally {
      metrics?.ran(name, host.monotonicMs() - fromMs, failed)
    }
  }
}

function scopeFor(scope: string, image: string): string {
  if (scope === 'Image') return image
  return scope === 'Registry' ? registryOf(image) : everyImage
}

interface Answer {
  readonly scope: string
  readonly cacheMs: number | undefined
  readonly entries: readonly CredentialEntry[]
}

/** Throws without a word of what is in it: that may be secret. */
function parseAnswer(value: unknown): Answer {
  const fail = (why: string): never => {
    throw new Error(why)
  }
  if (!isRecord(value)) return fail('error decoding credential provider plugin response from stdout')
  const { cacheKeyType, cacheDuration, auth } = value
  const scope = ['Image', 'Registry', 'Global'].find((type) => type === cacheKeyType)
  if (scope === undefined)
    return fail(`credential provider plugin did not return a valid cacheKeyType: ${String(cacheKeyType)}`)
  const entries = Object.entries(isRecord(auth) ? auth : {}).map(([key, login]) => {
    const { username, password } = isRecord(login) ? login : {}
    if (typeof username !== 'string' || typeof password !== 'string')
      return fail('error decoding credential provider plugin response from stdout')
    return { key, auth: { username, password } }
  })
  const nanos = typeof cacheDuration === 'string' ? parseGoDuration(cacheDuration) : undefined
  return { scope, entries, cacheMs: nanos === undefined ? undefined : Number(nanos / 1_000_000n) }
}
