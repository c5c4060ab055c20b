import type { core, scheduling } from '../../api/generated/types/index.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import { withStatusCondition } from '../../apimachinery/status-conditions.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../../client/client.ts'
import type { InformerFactory, Lister } from '../../client/informer.ts'
import { tryAgain } from './try-again.ts'

/** How the attempt to schedule a group has ended. */
export interface GroupOutcome {
  readonly type: 'scheduled' | 'unschedulable' | 'preempting' | 'error'
  readonly message: string
}

export interface PodGroupStatusOptions {
  readonly client: Client
  readonly informers: Pick<InformerFactory, 'informer'>
  readonly host: Host
  readonly logger: Logger
}

const condition = 'PodGroupScheduled'

const reasons: Readonly<Record<GroupOutcome['type'], string>> = {
  scheduled: 'Scheduled',
  unschedulable: 'Unschedulable',
  preempting: 'Unschedulable',
  error: 'SchedulerError',
}

/** Tells PodGroups whether they are scheduled. One that has been once stays so: later attempts are about extra pods. */
export class PodGroupStatus {
  readonly #options: PodGroupStatusOptions
  readonly #groups: Lister<scheduling.v1alpha2.PodGroup>

  constructor(options: PodGroupStatusOptions) {
    this.#options = options
    this.#groups = options.informers.informer(PodGroup).lister
  }

  write({ metadata, spec }: core.v1.Pod, { type, message }: GroupOutcome): void {
    const { host, logger } = this.#options
    const namespace = metadata?.namespace ?? ''
    const name = spec?.schedulingGroup?.podGroupName ?? ''
    const group = this.#groups.get(namespace, name)
    const old = group?.status?.conditions?.find((each) => each.type === condition)
    const status = type === 'scheduled' ? 'True' : 'False'
    if (group === undefined || (old?.status === 'True' && status !== 'True')) return
    const wanted = {
      ...{ type: condition, status, reason: reasons[type], message },
      observedGeneration: group.metadata?.generation ?? 0,
    }
    if (old?.status === status && old.reason === wanted.reason && old.message === message) return
    const known = withStatusCondition(group.status?.conditions, wanted, host.now())
    // The one alone: others may have written theirs meanwhile.
    const conditions = known.filter((each) => each.type === condition)
    const patch = { metadata: { uid: group.metadata?.uid }, status: { conditions } }
    this.#patch(namespace, name, patch).catch((error: unknown) =>
      logger.warn('a pod group does not know of its scheduling', { group: `${namespace}/${name}`, error }),
    )
  }

  async #patch(namespace: string, name: string, patch: object): Promise<void> {
    const { client, host } = this.#options
    const groups = client.resource(PodGroup)
    const type = 'application/strategic-merge-patch+json'
    await tryAgain(host, () => groups.patch(namespace, name, type, patch, { subresource: 'status' }))
  }
}
