import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { core, scheduling } from '../../api/generated/types/index.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import { messageOf } from '../../base/message-of.ts'
import type { InformerFactory, Lister } from '../../client/informer.ts'
import type { PreparedCycle } from '../cycle/prepared-cycle.ts'
import type { GroupToPlace, Placement, ProposedPlacement } from '../framework.ts'
import type { Profile } from '../profile.ts'
import type { QueuedPod } from '../queue/queued-pod.ts'
import type { PodGroupMetrics } from '../scheduler-metrics.ts'
import { absentFeature } from './absent-group-features.ts'
import { assumePod } from './assume-pod.ts'
import { unreserve } from './binding-cycle.ts'
import { type Ending, errorEnding, groupEnding, unschedulableEnding } from './ending.ts'
import { bestPlacement, placementsFor } from './group-placements.ts'
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

/** What an attempt for the whole group has come to. */
interface Tried {
  readonly members: readonly Member[]
  readonly outcome: GroupOutcome
}

interface Proposal extends Tried, ProposedPlacement {}

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
    const { attempts, host, metrics, queue, view } = this.#options
    const startMs = host.monotonicMs()
    const waiting = pods.filter((queued) => !attempts.skips(queued))
    if (waiting.length === 0) return
    let tried: Tried
    view.hold()
    try {
      tried = await this.#tryPlacements(waiting, { group: known, placed: this.#placedOf(group) })
    } finally {
      view.release()
    }
    metrics.placed(host.monotonicMs() - startMs)
    const started = new Set(tried.members.map(({ queued }) => queued))
    const left = waiting.filter((queued) => !started.has(queued) && queue.isInFlight(queued))
    this.#submit(tried, left, first, startMs)
  }

  /** In each placement that there is for the group: the best of those where it has its place, else what the first has come to. */
  async #tryPlacements(pods: readonly QueuedPod[], group: GroupToPlace): Promise<Tried> {
    const { host, profileOf, view } = this.#options
    const [first] = pods
    const profile = first && profileOf(first.info)
    const everywhere = { name: '', nodes: view.table.nodes }
    if (profile === undefined || profile.at.placementGenerate.length === 0)
      return this.#placeAll(pods, everywhere)
    try {
      const placements = placementsFor(profile, group, everywhere)
      const all: Proposal[] = []
      for (const placement of placements) {
        const tried = await this.#placeAll(pods, placement)
        for (const { queued, found } of tried.members.filter(isPlaced))
          this.#undo(queued, found.cycle, found.node)
        if (tried.outcome.type === 'error') return tried
        const placed = tried.members.filter(isPlaced).map(({ queued }) => queued.info)
        all.push({ ...placement, ...tried, pods: placed })
      }
      const [best, ...more] = all.filter(({ outcome }) => outcome.type !== 'unschedulable')
      if (best !== undefined) {
        const { members, outcome } =
          more.length === 0 ? best : bestPlacement(profile, group, [best, ...more], () => host.random())
        return {
          members: members.map((member) => (isPlaced(member) ? this.#again(member) : member)),
          outcome,
        }
      }
      const { members = [], outcome } = all[0] ?? {}
      const message =
        outcome === undefined
          ? 'no feasible placements found'
          : `0/${placements.length} placements are available, first placement status: ${outcome.message}`
      return { members, outcome: { type: 'unschedulable', message } }
    } catch (error) {
      return { members: [], outcome: { type: 'error', message: messageOf(error) } }
    }
  }

  /** Up to the first that fails by an error. */
  async #placeAll(pods: readonly QueuedPod[], placement: Placement): Promise<Tried> {
    const members: Member[] = []
    for (const queued of pods) {
      const member = await this.#place(queued, placement)
      members.push(member)
      if (member.found.type === 'none' && member.found.ending.failure.reason === 'SchedulerError') break
    }
    return { members, outcome: outcomeOf(members) }
  }

  /** The group's pods that have a node, or are assumed to. */
  #placedOf(group: string): GroupToPlace['placed'] {
    return this.#pods.byIndex(groupIndex, group).flatMap((pod) => {
      const node = pod.spec?.nodeName || this.#options.view.nodeOf(pod.metadata?.uid ?? '')
      return node && !isPodTerminal(pod) ? [{ pod, node }] : []
    })
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

  async #place(queued: QueuedPod, placement: Placement): Promise<Member> {
    const { host, placer, log, profileOf, view } = this.#options
    const { info } = queued
    const profile = profileOf(info)
    const startMs = host.monotonicMs()
    const within = placement.nodes.length < view.table.nodes.length ? placement : undefined
    const none = (ending: Ending): Member => ({ queued, profile, startMs, found: { type: 'none', ending } })
    try {
      const selection = await placer.selectAsking(info, profile, within)
      if (selection.type === 'node') {
        const { feasible, scores, refusals, node, cycle } = selection
        log.begin(info, profile, refusals, { node: node.name, feasible, scores })
        return this.#assume({ queued, profile, startMs }, cycle, node.name, undefined)
      }
      const { cycle, diagnosis } = selection
      log.begin(info, profile, diagnosis.refusals)
      const outcome =
        cycle === undefined
          ? { message: '', nomination: '' }
          : await runPostFilter(cycle, diagnosis, placement.nodes, host)
      const ending = unschedulableEnding(placement.nodes.length, diagnosis, outcome)
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

  /** Where it was found to have a place before. */
  #again({ found, ...member }: Placed): Member {
    return this.#assume(member, found.cycle, found.node, found.preemption)
  }

  #undo({ info }: QueuedPod, cycle: PreparedCycle, node: string): void {
    unreserve(cycle, node)
    this.#options.view.retract(info, node)
  }

  #submit(
    { members, outcome }: Tried,
    left: readonly QueuedPod[],
    { info }: QueuedPod,
    groupStartMs: number,
  ): void {
    const { attempts, host, profileOf, status, metrics } = this.#options
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
    const ofLeft =
      outcome.type === 'unschedulable' ? groupEnding(outcome.message, '') : errorEnding(outcome.message)
    for (const queued of left) attempts.end(queued, profileOf(queued.info), host.monotonicMs(), ofLeft)
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

const unschedulable = 'pod group is unschedulable'

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
    return { type: 'unschedulable', message: unschedulable }
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
  return groupEnding(
    `${unschedulable}, one or more plugins asked to wait and no plugin rejected pod "${name}"`,
    '',
  )
}
