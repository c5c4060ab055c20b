import { PodCertificateRequest } from '../../api/certificates/pod-certificate-request/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { certificates, core } from '../../api/generated/types/index.ts'
import { encodeBase64 } from '../../base/base64.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../../client/client.ts'
import type { Informer, InformerFactory } from '../../client/informer.ts'
import type { EventSink } from '../pod/pod-context.ts'
import {
  askedFor,
  bundleOf,
  type Credential,
  type CredentialBundle,
  credentialState,
  nextCredential,
} from './credential.ts'
import type { StubRequest } from './stub-request.ts'

type Pod = core.v1.Pod
type Projection = core.v1.PodCertificateProjection
type Request = certificates.v1beta1.PodCertificateRequest

export interface PodCertificatesOptions {
  readonly client: Client
  /** Over the same client. */
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly metrics?: Metrics
  readonly nodeName: string
  /** Undefined before it is registered. */
  readonly nodeUid: () => string | undefined
  readonly makeStubRequest: (keyType: string) => Promise<StubRequest>
}

/** One podCertificate source of a pod's volume. */
interface Source {
  readonly volume: string
  readonly index: number
  readonly projection: Projection
  credential: Credential
  /** It is looked at, or waits to be after a failure. */
  isBusy: boolean
  /** Something has happened meanwhile. */
  isStale: boolean
  failures: number
  timer: Timer | undefined
}

interface Held {
  readonly pod: Pod
  readonly sources: readonly Source[]
  readonly events: EventSink
  readonly onChange: () => void
}

/** Upstream's: between two looks at all sources, and how far requests of many pods are spread. */
const passMs = 60_000
const maxJitterMs = 5 * 60_000
/** Of upstream's default controller rate limiter. */
const minBackOffMs = 5
const maxBackOffMs = 1_000_000

function sourcesOf(pod: Pod): readonly Source[] {
  return (pod.spec?.volumes ?? []).flatMap(({ name, projected }) =>
    (projected?.sources ?? []).flatMap(({ podCertificate }, index) =>
      podCertificate === undefined
        ? []
        : [
            {
              ...{ volume: name, index, projection: podCertificate, credential: {} },
              ...{ isBusy: false, isStale: false, failures: 0, timer: undefined },
            },
          ],
    ),
  )
}

/**
 * Certificates for podCertificate sources of projected volumes (KEP-4317): a key of the node's own making, a
 * PodCertificateRequest, what its signer answers, another one before it expires. Nothing of it is kept on disk: after a
 * restart all are asked for anew. Bounded by the pods of the node.
 */
export class PodCertificates {
  readonly #options: PodCertificatesOptions
  readonly #held = new Map<string, Held>()
  /** From the first pod on that has such a source: the API is served behind a gate. */
  #requests: Informer<Request> | undefined
  #pass: Timer | undefined
  #isStopped = false

  constructor(options: PodCertificatesOptions) {
    this.#options = options
    options.metrics?.onCollect(this.#tell(options.metrics))
  }

  /** Gets what a pod that has come to the node asks for. `onChange` is called when there is something new to show. */
  hold(pod: Pod, events: EventSink, onChange: () => void): void {
    const uid = pod.metadata?.uid ?? ''
    const sources = sourcesOf(pod)
    if (this.#isStopped || sources.length === 0 || this.#held.has(uid)) return
    this.#held.set(uid, { pod, sources, events, onChange })
    this.#start()
    this.#wake(uid)
  }

  release(podUid: string): void {
    for (const { timer } of this.#held.get(podUid)?.sources ?? []) timer?.cancel()
    this.#held.delete(podUid)
  }

  /** Throws with upstream's text where there is none yet, or none any more. */
  bundle(pod: Pod, volume: string, index: number): CredentialBundle {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
    const source = this.#held
      .get(uid)
      ?.sources.find((candidate) => candidate.volume === volume && candidate.index === index)
    if (source === undefined)
      throw new Error(`no credentials yet for key={${namespace} ${name} ${uid} ${volume} ${index}}`)
    return bundleOf(source.credential)
  }

  stop(): void {
    this.#isStopped = true
    this.#pass?.cancel()
    for (const uid of [...this.#held.keys()]) this.release(uid)
  }

  #start(): void {
    if (this.#requests !== undefined) return
    const { informers, nodeName } = this.#options
    this.#requests = informers.informer(PodCertificateRequest, { fieldSelector: `spec.nodeName=${nodeName}` })
    this.#requests.onChange((request, old) => this.#wake((request ?? old)?.spec.podUID ?? ''))
    this.#passLater()
  }

  #passLater(): void {
    const { host } = this.#options
    this.#pass = host.schedule(passMs * (1 + host.random()), () => {
      for (const uid of this.#held.keys()) this.#wake(uid)
      this.#passLater()
    })
  }

  #wake(podUid: string): void {
    const held = this.#held.get(podUid)
    for (const source of held?.sources ?? []) if (held !== undefined) void this.#advance(held, source)
  }

  /** Goes on until nothing has happened meanwhile; after a failure, later each time. */
  async #advance(held: Held, source: Source): Promise<void> {
    source.isStale = true
    if (source.isBusy) return
    source.isBusy = true
    try {
      while (source.isStale && this.#isHeld(held)) {
        source.isStale = false
        await this.#step(held, source)
      }
      source.failures = 0
    } catch (error) {
      this.#retryLater(held, source, error)
    } finally {
      source.isBusy = false
    }
  }

  #isHeld({ pod }: Held): boolean {
    return this.#held.has(pod.metadata?.uid ?? '')
  }

  #retryLater(held: Held, source: Source, error: unknown): void {
    const { host, logger } = this.#options
    const { name, namespace } = held.pod.metadata ?? {}
    const { volume, index } = source
    const fields = { pod: name, namespace, volume, source: index, error: messageOf(error) }
    logger.warn('a certificate for a pod could not be asked for', fields)
    if (!this.#isHeld(held)) return
    const delayMs = Math.min(minBackOffMs * 2 ** source.failures++, maxBackOffMs)
    source.timer?.cancel()
    source.timer = host.schedule(delayMs, () => void this.#advance(held, source))
  }

  async #step(held: Held, source: Source): Promise<void> {
    const { host } = this.#options
    const { pod, events, onChange } = held
    const { asked, issued, refused } = source.credential
    const namespace = pod.metadata?.namespace ?? ''
    const request = asked === undefined ? undefined : this.#requests?.lister.get(namespace, asked.request)
    const now = { nowMs: host.now(), jitterMs: host.random() * maxJitterMs }
    const step = nextCredential(source.credential, request, now)
    source.credential = step.credential
    for (const { reason, message } of step.events) events.event(pod, 'Warning', reason, message)
    if (step.asks) {
      const { keyPem, made } = await this.#ask(pod, source.projection)
      const later = { nowMs: host.now(), jitterMs: host.random() * maxJitterMs }
      source.credential = askedFor(step.credential, keyPem, made, later)
      // Its answer may have been seen before its name was known.
      source.isStale = true
    }
    const isNew = step.credential.issued?.bundle !== issued?.bundle || step.credential.refused !== refused
    if (isNew && this.#isHeld(held)) onChange()
  }

  async #ask(
    { metadata, spec }: Pod,
    projection: Projection,
  ): Promise<{ readonly keyPem: string; readonly made: Request }> {
    const { client, host, nodeName, nodeUid, makeStubRequest } = this.#options
    const { name = '', namespace = '', uid = '' } = metadata ?? {}
    const { signerName, keyType, maxExpirationSeconds, userAnnotations } = projection
    const account = spec?.serviceAccountName ?? ''
    const { metadata: owner } = await client.resource(ServiceAccount).get(namespace, account)
    const node = nodeUid()
    if (node === undefined) throw new Error(`node ${nodeName} is not registered yet`)
    const { keyPem, request } = await host.track(makeStubRequest(keyType))
    const made = await client.resource(PodCertificateRequest).create({
      metadata: {
        namespace,
        generateName: 'req-',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }],
      },
      spec: {
        ...{ signerName, podName: name, podUID: uid, nodeName, nodeUID: node },
        ...{ serviceAccountName: account, serviceAccountUID: owner?.uid ?? '' },
        ...(maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }),
        ...(userAnnotations === undefined ? {} : { unverifiedUserAnnotations: userAnnotations }),
        stubPKCS10Request: encodeBase64(request),
      },
    })
    return { keyPem, made }
  }

  #tell(metrics: Metrics): () => void {
    const states = metrics.gauge({
      name: 'kubelet_podcertificate_states',
      help: 'Gauge vector reporting the number of pod certificate projected volume sources, faceted by signer_name and state.',
      labels: ['signer_name', 'state'],
    })
    return () => {
      states.clear()
      const nowMs = this.#options.host.now()
      for (const { sources } of this.#held.values())
        for (const { projection, credential } of sources)
          states.add(1, [projection.signerName, credentialState(credential, nowMs)])
    }
  }
}
