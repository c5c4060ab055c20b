import { Pod as podKind } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { isStatus } from '../../../apimachinery/status-error.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { sleep } from '../../../base/sleep.ts'
import type { Client } from '../../../client/client.ts'
import type { PodMetrics } from '../../metrics/pod-metrics.ts'
import { isStaticPod } from '../../static/static-annotations.ts'
import { isTerminalPhase } from './pod-phase.ts'
import { statusPatch } from './status-patch.ts'

type Pod = core.v1.Pod
type PodStatus = core.v1.PodStatus

export interface StatusWriterOptions {
  readonly host: Host
  readonly logger: Logger
  readonly client: Client
  readonly metrics?: PodMetrics | undefined
}

export interface StatusNote {
  /** Some container may still run: a terminal phase is not shown yet. */
  readonly mayRun: boolean
  /** Nothing more happens on the node: a pod that is being deleted goes. */
  readonly finished: boolean
}

interface Entry {
  pod: Pod
  status: PodStatus
  note: StatusNote
  /** What the API has, as far as is known, and as of which version. */
  base: PodStatus
  baseVersion: number
  /** When it came to differ from what the API has. */
  changedMs: number
  writing: boolean
  dirty: boolean
  deleted: boolean
}

const firstRetryMs = 1_000
const maxRetryMs = 10_000

/** Writes pod statuses to the API, of each pod one at a time and always the newest, only what differs; and deletes pods that are finished. */
export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #entries = new Map<string, Entry>()
  /** What shows a static pod in the API, by the static pod's uid. */
  readonly #mirrors = new Map<string, Pod>()
  readonly #abort = new AbortController()

  constructor(options: StatusWriterOptions) {
    this.#options = options
  }

  /** The last status that was set for a pod since the agent started. */
  status(podUid: string): PodStatus | undefined {
    return this.#entries.get(podUid)?.status
  }

  set(pod: Pod, status: PodStatus, note: StatusNote): void {
    const uid = pod.metadata?.uid ?? ''
    const entry = this.#entries.get(uid)
    if (entry === undefined) {
      const shown = this.#mirrors.get(uid) ?? pod
      const fresh = {
        pod,
        status,
        note,
        base: shown.status ?? {},
        baseVersion: versionOf(shown),
        changedMs: this.#options.host.monotonicMs(),
        writing: false,
        dirty: false,
        deleted: false,
      }
      this.#entries.set(uid, fresh)
      this.#kick(uid, fresh)
      return
    }
    const same = jsonEqual(entry.status, status) && jsonEqual(entry.note, note)
    const deletionIsNew =
      entry.pod.metadata?.deletionTimestamp === undefined && pod.metadata?.deletionTimestamp !== undefined
    entry.pod = pod
    entry.status = status
    entry.note = note
    const isDisputed = this.#compare(pod, entry)
    if (!same || isDisputed || (deletionIsNew && note.finished)) this.#kick(uid, entry)
  }

  /** Whether others have written something else about the pod: a node that was thought dead says so. */
  #compare(pod: Pod, entry: Entry): boolean {
    if (versionOf(pod) <= entry.baseVersion) return false
    entry.base = pod.status ?? {}
    entry.baseVersion = versionOf(pod)
    return statusPatch(entry.base, shownStatus(entry)) !== undefined
  }

  /** Takes in what shows a static pod in the API now: that has its status from then on. */
  mirrored(podUid: string, mirror: Pod | undefined): void {
    const before = this.#mirrors.get(podUid)
    if (mirror === undefined) this.#mirrors.delete(podUid)
    else this.#mirrors.set(podUid, mirror)
    const entry = this.#entries.get(podUid)
    if (mirror === undefined || entry === undefined) return
    const isOther = before?.metadata?.uid !== mirror.metadata?.uid
    if (isOther) entry.baseVersion = 0
    if (this.#compare(mirror, entry) || isOther) this.#kick(podUid, entry)
  }

  /** Forgets a pod that is gone from the API. */
  remove(podUid: string): void {
    this.#entries.delete(podUid)
    this.#mirrors.delete(podUid)
  }

  stop(): void {
    this.#abort.abort()
  }

  #kick(uid: string, entry: Entry): void {
    if (!entry.dirty && !entry.writing) entry.changedMs = this.#options.host.monotonicMs()
    entry.dirty = true
    if (entry.writing) return
    entry.writing = true
    void this.#write(uid, entry)
  }

  async #write(uid: string, entry: Entry): Promise<void> {
    const { host, logger } = this.#options
    let retryMs = firstRetryMs
    // What changes within one turn is written once.
    await host.nextTurn()
    while (entry.dirty && !this.#abort.signal.aborted && this.#entries.get(uid) === entry) {
      entry.dirty = false
      try {
        await this.#writeOnce(entry)
        retryMs = firstRetryMs
      } catch (error) {
        if (isStatus(error, 'NotFound')) continue
        logger.warn('a pod status could not be written', { pod: entry.pod.metadata?.name, error })
        entry.dirty = true
        await sleep(host, retryMs, this.#abort.signal)
        retryMs = Math.min(retryMs * 2, maxRetryMs)
      }
    }
    entry.writing = false
  }

  async #writeOnce(entry: Entry, answeredVersion?: number): Promise<void> {
    const { client, host, metrics } = this.#options
    const { note } = entry
    const ownUid = entry.pod.metadata?.uid ?? ''
    const mirror = this.#mirrors.get(ownUid)
    const pod = mirror ?? entry.pod
    // It is written as soon as there is a mirror.
    if (mirror === undefined && isStaticPod(pod)) return
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
    const next = shownStatus(entry)
    const patch = statusPatch(entry.base, next)
    if (patch !== undefined) {
      const body = { metadata: { uid }, status: patch }
      const written = await client
        .resource(podKind)
        .patch(namespace, name, 'application/strategic-merge-patch+json', body, { subresource: 'status' })
      metrics?.statusWritten(host.monotonicMs() - entry.changedMs)
      entry.changedMs = host.monotonicMs()
      const version = versionOf(written)
      if (version >= entry.baseVersion) {
        entry.base = written.status ?? next
        entry.baseVersion = version
      }
      // What others have written meanwhile; what the same version still lacks the API does not take.
      const isDisputed = statusPatch(entry.base, next) !== undefined
      if (isDisputed && version !== answeredVersion) await this.#writeOnce(entry, version)
    }
    if (!note.finished || entry.deleted || mirror !== undefined) return
    if (pod.metadata?.deletionTimestamp === undefined) return
    if (!isTerminalPhase(entry.base.phase)) return
    await client.resource(podKind).delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } })
    entry.deleted = true
  }
}

const versionOf = ({ metadata }: Pod): number => Number(metadata?.resourceVersion ?? 0)

/** A terminal phase appears only once nothing of the pod can run any more; it is never ready. */
function shownStatus({ status, note, base }: Entry): PodStatus {
  if (!isTerminalPhase(status.phase)) return status
  if (note.mayRun && !isTerminalPhase(base.phase)) {
    const { reason: _reason, message: _message, ...rest } = status
    return {
      ...rest,
      phase: base.phase ?? 'Pending',
      ...(base.reason === undefined ? {} : { reason: base.reason }),
      ...(base.message === undefined ? {} : { message: base.message }),
    }
  }
  const reason = status.phase === 'Failed' ? 'PodFailed' : 'PodCompleted'
  const conditions = (status.conditions ?? []).map((condition) =>
    (condition.type === 'Ready' || condition.type === 'ContainersReady') && condition.status === 'True'
      ? { ...condition, status: 'False', reason }
      : condition,
  )
  return { ...status, conditions }
}
