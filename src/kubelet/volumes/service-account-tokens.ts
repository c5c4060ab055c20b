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
  /** A volume shows it: its time to be renewed must not be missed. */
  readonly isShown: boolean
}

/** Of TokenRequests that say nothing. */
const unmountedSeconds = 3600
/** Upstream's default for volumes, and the age at which even a long-lived token is renewed. */
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

  /** For a volume. Rejects with upstream's text; an old token that is still good serves where no new one is to be had. */
  token(pod: Pod, projection: core.v1.ServiceAccountTokenProjection): Promise<string> {
    const { audience = '', expirationSeconds = defaultSeconds } = projection
    return this.#token(pod, audience, expirationSeconds, true)
  }

  /** For what the agent does on the pod's behalf: renewed only when it is asked for again. */
  unmountedToken(pod: Pod, audience: string): Promise<string> {
    return this.#token(pod, audience, unmountedSeconds, false)
  }

  async #token(pod: Pod, audience: string, seconds: number, isShown: boolean): Promise<string> {
    const uid = pod.metadata?.uid ?? ''
    const key = JSON.stringify([audience, seconds, isShown])
    const kept = this.#kept.get(uid)?.get(key)
    const nowMs = this.#host.now()
    if (kept !== undefined && nowMs < kept.refreshMs) return kept.token
    try {
      const fresh = { ...(await this.#request(pod, audience, seconds)), isShown }
      const tokens = this.#kept.get(uid) ?? new Map<string, Kept>()
      this.#kept.set(uid, tokens)
      tokens.set(key, fresh)
      return fresh.token
    } catch (error) {
      if (kept !== undefined && nowMs < kept.expiresMs) return kept.token
      throw new Error(`failed to fetch token: ${messageOf(error)}`)
    }
  }

  /** Whether some token that the pod's volumes show is to be renewed. */
  isDue(podUid: string): boolean {
    const nowMs = this.#host.now()
    return [...(this.#kept.get(podUid)?.values() ?? [])].some(
      ({ refreshMs, isShown }) => isShown && nowMs >= refreshMs,
    )
  }

  forget(podUid: string): void {
    this.#kept.delete(podUid)
  }

  async #request(pod: Pod, audience: string, seconds: number): Promise<Omit<Kept, 'isShown'>> {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {}
    const account = pod.spec?.serviceAccountName ?? 'default'
    const body: authentication.v1.TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience === '' ? [] : [audience],
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
