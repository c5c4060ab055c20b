import { parseGoDuration } from '../../apimachinery/go-duration.ts'
import { isRecord } from '../../base/is-record.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { type CredentialEntry, isForImage } from './pull-credentials.ts'

/** A program that knows what to log in to some registries with (https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/). */
export interface CredentialProvider {
  readonly name: string
  /** As keys of a docker configuration. */
  readonly matchImages: readonly string[]
  /** For answers that do not say how long they hold; 0: they are asked for each time. */
  readonly defaultCacheMs: number
  /** Its CredentialProviderResponse, whose version has been looked at. */
  ask(image: string): Promise<unknown>
}

interface CachedAnswer {
  readonly entries: readonly CredentialEntry[]
  readonly untilMs: number
}

interface CachedProvider extends CredentialProvider {
  readonly cache: Map<string, CachedAnswer>
}

const everyImage = '<global>'
const registryOf = (image: string): string => image.split('/')[0] ?? ''

/** Answers that are kept for each provider; the oldest goes first. */
const maxCached = 1000

/** Asks the node's credential providers, and keeps what they say for as long as it holds. */
export class CredentialProviders {
  readonly #providers: readonly CachedProvider[]
  readonly #now: () => number
  readonly #logger: Logger
  /** Who asks for the same at the same time waits for one answer. */
  readonly #asked = new Map<string, Promise<readonly CredentialEntry[]>>()

  constructor(providers: readonly CredentialProvider[], now: () => number, logger: Logger) {
    this.#providers = providers.map((provider) => ({ ...provider, cache: new Map() }))
    this.#now = now
    this.#logger = logger
  }

  /** What the providers of an image's registry give; one that fails gives nothing. */
  async entries(image: string): Promise<readonly CredentialEntry[]> {
    const asked = this.#providers
      .filter(({ matchImages }) => matchImages.some((pattern) => isForImage(pattern, image)))
      .map((provider) => this.#shared(provider, image))
    return (await Promise.all(asked)).flat()
  }

  #shared(provider: CachedProvider, image: string): Promise<readonly CredentialEntry[]> {
    const key = `${provider.name} ${image}`
    const under = this.#asked.get(key)
    if (under !== undefined) return under
    const asking = this.#ask(provider, image)
      .catch((error: unknown) => {
        this.#logger.error('a credential provider gave nothing', {
          ...{ provider: provider.name, image, error: messageOf(error) },
        })
        return []
      })
      .finally(() => this.#asked.delete(key))
    this.#asked.set(key, asking)
    return asking
  }

  async #ask(provider: CachedProvider, image: string): Promise<readonly CredentialEntry[]> {
    const { cache } = provider
    for (const key of [image, registryOf(image), everyImage]) {
      const cached = cache.get(key)
      if (cached !== undefined && cached.untilMs > this.#now()) return cached.entries
      cache.delete(key)
    }
    const answer = parseAnswer(await provider.ask(image))
    const holdsMs = answer.cacheMs ?? provider.defaultCacheMs
    if (holdsMs > 0) {
      const [oldest] = cache.keys()
      if (cache.size >= maxCached && oldest !== undefined) cache.delete(oldest)
      cache.set(keyFor(answer.scope, image), { entries: answer.entries, untilMs: this.#now() + holdsMs })
    }
    return answer.entries
  }
}

function keyFor(scope: string, image: string): string {
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
