import type { core } from '../../api/generated/types/index.ts'
import { encodeBase64 } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { PodMetrics } from '../metrics/pod-metrics.ts'
import { StartFailureError } from '../pod/actions/start-failure.ts'
import { BackOff } from '../pod/back-off.ts'
import type { Image, ImageSpec, SandboxConfig } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { parseImageName, withDefaultTag } from './image-name.ts'
import { type CredentialEntry, type PullCredential, pullCredentials } from './pull-credentials.ts'
import type { PodCredential, PullRecords } from './pull-records.ts'
import { tryCredentials } from './try-credentials.ts'

export interface ImageRequest {
  readonly pod: core.v1.Pod
  readonly container: core.v1.Container
  readonly sandbox: SandboxConfig
  /** Of the pod's RuntimeClass; '' where it has none. */
  readonly runtimeHandler: string
  readonly pullSecrets: readonly core.v1.Secret[]
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void
  /** Told of a pull, also one that failed, when it is over. */
  readonly onPull?: (fromMs: number, untilMs: number) => void
}

export interface ImageManagerOptions {
  readonly host: Host
  readonly runtime: Runtime
  readonly metrics?: PodMetrics | undefined
  /** One at a time is upstream's default. */
  readonly maxParallelPulls: number
  /** With what images were pulled; absent: whatever is there may be used. */
  readonly records?: PullRecords | undefined
  /** What the node itself logs in to an image's registry with. */
  readonly nodeCredentials?: NodeCredentials | undefined
}

/** What the node logs in to an image's registry with; for a pod, or absent: for itself. */
export type NodeCredentials = (image: string, pod?: core.v1.Pod) => Promise<readonly CredentialEntry[]>

/** After a failed pull the next look comes that soon, so that the back-off shows. */
const lookAgainMs = 1_000

/** Sees to it that a container's image is there, by its pull policy. */
export class ImageManager {
  readonly #options: ImageManagerOptions
  readonly #backOff = new BackOff()
  readonly #lastErrors = new Map<string, string>()
  readonly #waiting: (() => void)[] = []
  #pulling = 0

  constructor(options: ImageManagerOptions) {
    this.#options = options
  }

  /** The image as the runtime knows it. Rejects with StartFailureError. */
  async ensure(request: ImageRequest): Promise<Image> {
    const requested = request.container.image ?? ''
    const { runtimeHandler } = request
    const spec: ImageSpec = {
      image: this.#named(requested, request),
      ...(runtimeHandler === '' ? {} : { runtimeHandler }),
    }
    const policy = request.container.imagePullPolicy ?? 'IfNotPresent'
    if (policy !== 'Always') {
      const present = await this.#inspect(spec, requested, request)
      if (present !== undefined && !(await this.#mustVerify(present, requested, request))) {
        const allowed = this.#options.records === undefined ? '' : ' and can be accessed by the pod'
        request.event(
          'Normal',
          'Pulled',
          `Container image "${requested}" already present on machine${allowed}`,
        )
        return present
      }
      if (policy === 'Never') {
        const text = `Container image "${requested}" is not present with pull policy of Never`
        request.event('Warning', 'ErrImageNeverPull', text)
        throw new StartFailureError('ErrImageNeverPull', text)
      }
    }
    return this.#pull(spec, requested, request)
  }

  #named(requested: string, request: ImageRequest): string {
    try {
      return withDefaultTag(requested)
    } catch (error) {
      const text = `Failed to apply default image tag "${requested}": ${messageOf(error)}`
      request.event('Warning', 'InspectFailed', text)
      throw new StartFailureError('InvalidImageName', text)
    }
  }

  async #inspect(spec: ImageSpec, requested: string, request: ImageRequest): Promise<Image | undefined> {
    try {
      return await this.#options.runtime.imageStatus(spec)
    } catch (error) {
      const text = `Failed to inspect image "${requested}": ${messageOf(error)}`
      request.event('Warning', 'InspectFailed', text)
      throw new StartFailureError('ImageInspectError', text)
    }
  }

  /** An image that is there, but was pulled with credentials that the pod has not shown. */
  async #mustVerify({ id }: Image, requested: string, request: ImageRequest): Promise<boolean> {
    const { records } = this.#options
    if (records === undefined) return false
    return records.mustPull(requested, id, async () => {
      const all = await this.#credentials(parseImageName(requested).repository, request)
      return all.flatMap((credential) => this.#ofPod(credential) ?? [])
    })
  }

  /** All that a pod, and the node for it, may show to the registry of an image. */
  async #credentials(
    repository: string,
    { pod, pullSecrets }: ImageRequest,
  ): Promise<readonly PullCredential[]> {
    const ofNode = await this.#options.nodeCredentials?.(repository, pod)
    return pullCredentials(pullSecrets, repository, ofNode)
  }

  #ofPod({ auth, secret, account }: PullCredential): PodCredential | undefined {
    const { uid = '', namespace = '', name = '' } = (secret ?? account)?.metadata ?? {}
    if (account !== undefined) return { uid, namespace, name, hash: '' }
    if (secret === undefined) return undefined
    const said = new TextEncoder().encode(JSON.stringify([auth.username, auth.password]))
    const hash = encodeBase64(this.#options.host.sha256(said))
    return { uid, namespace, name, hash }
  }

  async #pull(spec: ImageSpec, requested: string, request: ImageRequest): Promise<Image> {
    const { host, runtime, records } = this.#options
    const key = `${request.pod.metadata?.uid}_${requested}`
    const waitMs = this.#backOff.remainingSinceStepMs(key, host.monotonicMs())
    if (waitMs > 0) {
      const text = `Back-off pulling image "${requested}"`
      request.event('Normal', 'BackOff', text)
      const last = this.#lastErrors.get(key)
      throw new StartFailureError('ImagePullBackOff', last === undefined ? text : `${text}: ${last}`, waitMs)
    }
    this.#lastErrors.delete(key)
    request.event('Normal', 'Pulling', `Pulling image "${requested}"`)
    const waitedFromMs = host.monotonicMs()
    let pulledFromMs = waitedFromMs
    let used: PullCredential | undefined
    await records?.begin(requested)
    const fromMs = host.now()
    try {
      await this.#inTurn(async () => {
        pulledFromMs = host.monotonicMs()
        const fitting = await this.#credentials(parseImageName(spec.image).repository, request)
        used = await tryCredentials(runtime, spec, fitting, request.sandbox)
      }).finally(() => request.onPull?.(fromMs, host.now()))
    } catch (error) {
      await records?.failed(requested)
      request.event('Warning', 'Failed', `Failed to pull image "${requested}": ${messageOf(error)}`)
      this.#backOff.step(key, host.monotonicMs(), host.monotonicMs())
      const { reason, message } = pullFailure(requested, messageOf(error))
      this.#lastErrors.set(key, `${reason}: ${message}`)
      throw new StartFailureError(reason, message, lookAgainMs)
    }
    const image = await runtime.imageStatus(spec)
    if (image === undefined) {
      await records?.failed(requested)
      throw new StartFailureError('ErrImagePull', `image "${requested}" vanished after its pull`)
    }
    await records?.succeeded(requested, image.id, used && this.#ofPod(used))
    const nowMs = host.monotonicMs()
    this.#options.metrics?.pulled(image.size, nowMs - waitedFromMs)
    const took = `${seconds(nowMs - pulledFromMs)} (${seconds(nowMs - waitedFromMs)} including waiting)`
    const size = `Image size: ${image.size} bytes.`
    request.event('Normal', 'Pulled', `Successfully pulled image "${requested}" in ${took}. ${size}`)
    this.#backOff.prune(host.monotonicMs())
    return image
  }

  /** Who comes first pulls first. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#pulling >= this.#options.maxParallelPulls) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#pulling++
    try {
      await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#pulling--
      else next()
    }
  }
}

/** As Go prints a duration of milliseconds. */
function seconds(ms: number): string {
  const whole = Math.floor(ms)
  if (whole < 1000) return `${whole}ms`
  const rest = Number(((whole % 60_000) / 1000).toFixed(3))
  return whole < 60_000 ? `${rest}s` : `${Math.floor(whole / 60_000)}m${rest}s`
}

const known = [
  ['RegistryUnavailable', 'the registry is unavailable'],
  ['SignatureValidationFailed', 'the signature validation failed'],
] as const

/** Runtimes put the class of some failures in front of their message. */
function pullFailure(image: string, message: string): { readonly reason: string; readonly message: string } {
  for (const [reason, text] of known) {
    if (message.startsWith(reason)) {
      const rest = message.slice(reason.length)
      return { reason, message: `image pull failed for ${image} because ${text}${rest}` }
    }
  }
  return { reason: 'ErrImagePull', message }
}
