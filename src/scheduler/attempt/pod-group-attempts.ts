import { Pod } from '../../api/core/pod/kind.ts'
import type { core, scheduling } from '../../api/generated/types/index.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import type { InformerFactory, Lister } from '../../client/informer.ts'
import type { PreparedCycle } from '../cycle/prepared-cycle.ts'
import type { Profile } from '../profile.ts'
import type { QueuedPod } from '../queue/queued-pod.ts'
import type { PodGroupMetrics } from '../scheduler-metrics.ts'
import { absentFeature } from './absent-group-features.ts'
import { assumePod } from './assume-pod.ts'
import { unreserve } from './binding-cycle.ts'
import { type Ending, errorEnding, groupEnding, unschedulableEnding } from './ending.ts'
import type { PodAttempts, PodAttemptsOptions } from './pod-attempts.ts'
import type { GroupOutcome, PodGroupStatus } from './pod-group-status.ts'
import { runPostFilter } from './post-filter.ts'

export interface PodGroupAttemptsOptions
  extends Pick<PodAttemptsOptions, 'host' | 'view' | 'queue' | 'placer' | 'nominator' | 'log' | 'profileOf'> {
  readonly informers: Pick<InformerFactory, 'informer'>
  readonly attempts: PodAttempts
  readonly status: PodGroupStatus
  readonly metrics: PodGroupMetrics
}

/** What was found for one member. `node`: where it is assumed until the group's fate is known. */
interface Member {
  readonly queued: QueuedPod
  readonly profile: Profile
  readonly startMs: number
  readonly found:
    | { readonly type: 'none'; readonly ending: Ending }
    | {
        readonly type: 'node'
        readonly cycle: PreparedCycle
        readonly node: string
        /** Permits that would make it wait. */
        readonly waits: Map<string, number>
        /** What it is told until others have left the node; undefined: it fits as it is. */
        readonly preemption: Ending | undefined
      }
}

type Placed = Member & { readonly found: { readonly type: 'node' } }

const isPlaced = (member: Member): member is Placed => member.found.type === 'node'

const groupIndex = 'pods of a scheduling group'

const groupOf = ({ metadata, spec }: core.v1.Pod): string | undefined => {
  const name = spec?.schedulingGroup?.podGroupName
  return name === undefined ? undefined : `${metadata?.namespace ?? ''}/${name}`
}

/** Whose permits are given by the group's attempt itself. */
const gangPlugin = 'GangScheduling'

/**
 * Tries all pods of a PodGroup that have no node in one go (KEP-4671's workload scheduling cycle, behind GenericWorkload):
 * each is placed against the picture with those before it, and only when some Permit says that enough of them have a place
 * are they bound; else all of them go back.
 */
export class PodGroupAttempts {
  readonly #options: PodGroupAttemptsOptions
  readonly #pods: Lister<core.v1.Pod>
  readonly #groups: Lister<scheduling.v1alpha2.PodGroup>

  constructor(options: PodGroupAttemptsOptions) {
    this.#options = options
    const pods = options.informers.informer(Pod)
    pods.addIndexers({
      [groupIndex]: (pod) => {
        const group = groupOf(pod)
        return group === undefined ? [] : [group]
      },
    })
    this.#pods = pods.lister
    this.#groups = options.informers.informer(PodGroup).lister
  }

  /** Undefined: the pod is of no group. */
  try(first: QueuedPod): Promise<void> | undefined {
    const group = groupOf(first.info.pod)
    return group === undefined ? undefined : this.#options.host.track(this.#try(first, group))
  }

  async #try(first: QueuedPod, group: string): Promise<void> {
    const pods = this.#together(first, group)
    const names = new Set(pods.map(({ info }) => info.pod.spec?.schedulerName))
    if (names.size > 1) {
      this.#refuse(pods, severalNames([...names]))
      return
    }
    const { metadata, spec } = first.info.pod
    const known = this.#groups.get(metadata?.namespace ?? '', spec?.schedulingGroup?.podGroupName ?? '')
    const absent = known && absentFeature(known)
    if (absent !== undefined) {
      this.#refuse(pods, absent)
      this.#options.status.write(first.info.pod, { type: 'error', message: absent })
      return
    }
    const { host, metrics, queue } = this.#options
    const startMs = host.monotonicMs()
    const members = await this.#placeAll(pods)
    metrics.placed(host.monotonicMs() - startMs)
    const started = new Set(members.map(({ queued }) => queued))
    const left = pods.filter((queued) => !started.has(queued) && queue.isInFlight(queued))
    if (members.length > 0) this.#submit(members, left, first, startMs)
  }

  /** Up to the first that fails by an error. */
  async #placeAll(pods: readonly QueuedPod[]): Promise<readonly Member[]> {
    const { attempts, view } = this.#options
    const members: Member[] = []
    view.hold()
    try {
      for (const queued of pods) {
        if (attempts.skips(queued)) continue
        const member = await this.#place(queued)
        members.push(member)
        if (member.found.type === 'none' && member.found.ending.failure.reason === 'SchedulerError') break
      }
    } finally {
      view.release()
    }
    return members
  }

  /** The group's pods without a node, in the order in which they are tried. */
  #together(first: QueuedPod, group: string): readonly QueuedPod[] {
    const others = this.#pods.byIndex(groupIndex, group).flatMap(({ metadata, spec }) => {
      const uid = metadata?.uid ?? ''
      const waits = !spec?.nodeName && uid !== first.info.uid
      return (waits ? this.#options.queue.take(uid) : undefined) ?? []
    })
    return [first, ...others].sort(
      (a, b) => b.info.priority - a.info.priority || (a.firstTriedMs ?? 0) - (b.firstTriedMs ?? 0),
    )
  }

  #refuse(pods: readonly QueuedPod[], message: string): void {
    const { attempts, profileOf, host } = this.#options
    const ending = errorEnding(message)
    for (const queued of pods) attempts.end(queued, profileOf(queued.info), host.monotonicMs(), ending)
  }

  async #place(queued: QueuedPod): Promise<Member> {
    const { host, placer, log, view, profileOf } = this.#options
    const { info } = queued
    const profile = profileOf(info)
    const startMs = host.monotonicMs()
    const none = (ending: Ending): Member => ({ queued, profile, startMs, found: { type: 'none', ending } })
    try {
      const selection = await placer.selectAsking(info, profile)
      if (selection.type === 'node') {
        const { feasible, scores, refusals, node, cycle } = selection
        log.begin(info, profile, refusals, { node: node.name, feasible, scores })
        return this.#assume({ queued, profile, startMs }, cycle, node.name, undefined)
      }
      const { cycle, diagnosis } = selection
      log.begin(info, profile, diagnosis.refusals)
      const outcome =
        cycle === undefined ? { message: '', nomination: '' } : await runPostFilter(cycle, diagnosis, host)
      const ending = unschedulableEnding(view.table.nodes.length, diagnosis, outcome)
      if (cycle === undefined || !outcome.nomination) return none(ending)
      return this.#assume({ queued, profile, startMs }, cycle, outcome.nomination, ending)
    } catch (error) {
      return none(errorEnding(error))
    }
  }

  /** As if it were there: those after it are placed beside it. */
  #assume(
    member: Omit<Member, 'found'>,
    cycle: PreparedCycle,
    node: string,
    preemption: Ending | undefined,
  ): Member {
    const { info } = member.queued
    const assumed = assumePod(this.#options, info, cycle, node)
    if (assumed.type === 'assumed') {
      return { ...member, found: { type: 'node', cycle, node, waits: assumed.waits, preemption } }
    }
    this.#options.view.retract(info, node)
    return { ...member, found: { type: 'none', ending: assumed.ending } }
  }

  #undo({ info }: QueuedPod, cycle: PreparedCycle, node: string): void {
    unreserve(cycle, node)
    this.#options.view.retract(info, node)
  }

  #submit(
    members: readonly Member[],
    left: readonly QueuedPod[],
    { info }: QueuedPod,
    groupStartMs: number,
  ): void {
    const { attempts, host, profileOf, status, metrics } = this.#options
    const outcome = outcomeOf(members)
    const bound: Placed[] = []
    for (const member of members) {
      const { queued, profile, startMs, found } = member
      if (isPlaced(member)) {
        if (outcome.type === 'scheduled') bound.push(member)
        else {
          this.#undo(queued, member.found.cycle, member.found.node)
          attempts.end(queued, profile, startMs, endingOf(member, outcome))
        }
      } else if (found.type === 'none') attempts.end(queued, profile, startMs, endingOf(member, outcome))
    }
    for (const queued of left)
      attempts.end(queued, profileOf(queued.info), host.monotonicMs(), errorEnding(outcome.message))
    for (const { queued, startMs, found } of bound) {
      // Enough of the gang have their places, here and now.
      found.waits.delete(gangPlugin)
      attempts.launch(queued, found.cycle, found.node, found.waits, startMs)
    }
    status.write(info.pod, outcome)
    metrics.observe(profileOf(info).schedulerName, outcome.type, host.monotonicMs() - groupStartMs)
  }
}

const severalNames = ([one, other]: readonly (string | undefined)[]): string =>
  `all pods in a single pod group should have the same .spec.schedulerName set, got: "${one}" and "${other}"`

/** One that needs no permit any more has found that enough of them have a place. */
function outcomeOf(members: readonly Member[]): GroupOutcome {
  for (const { found } of members)
    if (found.type === 'none' && found.ending.failure.reason === 'SchedulerError')
      return {
        type: 'error',
        message: `failed to schedule other pod from a pod group: ${found.ending.failure.message}`,
      }
  const placed = members.filter(isPlaced)
  if (!placed.some(({ found }) => found.waits.size === 0))
    return { type: 'unschedulable', message: 'pod group is unschedulable' }
  if (!placed.some(({ found }) => found.preemption !== undefined)) return { type: 'scheduled', message: '' }
  const message = 'pod group is unschedulable, pod group is waiting for preemption to complete'
  return { type: 'preempting', message }
}

/** What a member is told that goes back. */
function endingOf({ queued, found }: Member, { type, message }: GroupOutcome): Ending {
  const own = found.type === 'none' ? found.ending : undefined
  if (type === 'error') return own?.failure.reason === 'SchedulerError' ? own : errorEnding(message)
  if (own !== undefined) return own
  if (type === 'preempting' && found.type === 'node')
    return found.preemption ?? groupEnding(message, found.node)
  const name = queued.info.pod.metadata?.name
  return groupEnding(`${message}, one or more plugins asked to wait and no plugin rejected pod "${name}"`, '')
}
