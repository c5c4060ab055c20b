import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { authentication, core } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Client } from '../../client/client.ts'

type Pod = core.v1.Pod

interface Kept {
  readonly token: string
  /** From then on a new one is asked for. */
  readonly refreshMs: number
  readonly expiresMs: number
}

/** Upstream's default, and the age at which even a long-lived token is renewed. */
const defaultSeconds = 3607
const maxAgeMs = 24 * 3_600_000
const refreshShare = 0.8
/** Renewals of pods that came together are spread a little. */
const maxJitterMs = 10_000

/** Tokens for the service accounts of pods, bound to them (KEP-1205), renewed when four fifths of their life are over. */
export class ServiceAccountTokens {
  readonly #client: Client
  readonly #host: Host
  readonly #kept = new Map<string, Map<string, Kept>>()

  constructor(client: Client, host: Host) {
    this.#client = client
    this.#host = host
  }

  /** Rejects with upstream's text; an old token that is still good serves where no new one is to be had. */
  async token(pod: Pod, projection: core.v1.ServiceAccountTokenProjection): Promise<string> {
    const uid = pod.metadata?.uid ?? ''
    const key = JSON.stringify([projection.audience ?? '', projection.expirationSeconds ?? defaultSeconds])
    const kept = this.#kept.get(uid)?.get(key)
    const nowMs = this.#host.now()
    if (kept !== undefined && nowMs < kept.refreshMs) return kept.token
    try {
      const fresh = await this.#request(pod, projection)
      const tokens = this.#kept.get(uid) ?? new Map<string, Kept>()
      this.#kept.set(uid, tokens)
      tokens.set(key, fresh)
      return fresh.token
    } catch (error) {
      if (kept !== undefined && nowMs < kept.expiresMs) return kept.token
      throw new Error(`failed to fetch token: ${messageOf(error)}`)
    }
  }

  /** Whether some token of the pod is to be renewed. */
  isDue(podUid: string): boolean {
    const nowMs = this.#host.now()
    return [...(this.#kept.get(podUid)?.values() ?? [])].some(({ refreshMs }) => nowMs >= refreshMs)
  }

  forget(podUid: string): void {
    this.#kept.delete(podUid)
  }

  async #request(pod: Pod, projection: core.v1.ServiceAccountTokenProjection): Promise<Kept> {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {}
    const account = pod.spec?.serviceAccountName ?? 'default'
    const seconds = projection.expirationSeconds ?? defaultSeconds
    const body: authentication.v1.TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: projection.audience ? [projection.audience] : [],
        expirationSeconds: seconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      },
    }
    const startMs = this.#host.now()
    const answer = await this.#client
      .resource(ServiceAccount)
      .createSubresource<authentication.v1.TokenRequest>(namespace, account, 'token', body)
    const expiresMs = timeMs(answer.status?.expirationTimestamp ?? '')
    const lifeMs = Math.min((expiresMs - startMs) * refreshShare, maxAgeMs)
    const refreshMs = startMs + lifeMs - this.#host.random() * maxJitterMs
    return { token: answer.status?.token ?? '', refreshMs, expiresMs }
  }
}
