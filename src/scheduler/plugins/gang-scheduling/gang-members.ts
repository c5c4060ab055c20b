import { Pod } from '../../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../../api/core/pod/pod-state.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { InformerFactory, Lister } from '../../../client/informer.ts'

/** `namespace/name` of a pod's group. */
export function groupKey({ metadata, spec }: core.v1.Pod): string | undefined {
  const name = spec?.schedulingGroup?.podGroupName
  return name === undefined ? undefined : `${metadata?.namespace ?? ''}/${name}`
}

const byGroup = (pod: core.v1.Pod): readonly string[] => {
  const key = groupKey(pod)
  return key === undefined ? [] : [key]
}

/** The pods of each group, with those that are on their way to a node. */
export class GangMembers {
  readonly #pods: Lister<core.v1.Pod>
  readonly #assumed = new Set<string>()

  /** `onNew` is called for each new member without a node. */
  constructor(informers: Pick<InformerFactory, 'informer'>, onNew: (pod: core.v1.Pod) => void) {
    const pods = informers.informer(Pod)
    pods.addIndexers({ podGroup: byGroup })
    this.#pods = pods.lister
    pods.onChange((pod, old) => {
      if (pod === undefined || pod.spec?.nodeName) this.#assumed.delete((pod ?? old)?.metadata?.uid ?? '')
      if (pod !== undefined && old === undefined && groupKey(pod) !== undefined && !pod.spec?.nodeName)
        onNew(pod)
    })
  }

  assume(uid: string): void {
    this.#assumed.add(uid)
  }

  forget(uid: string): void {
    this.#assumed.delete(uid)
  }

  count(group: string): number {
    return this.#of(group).length
  }

  /** Uids of those that have a node, seen or assumed (`true`), or none yet. */
  uids(group: string, placed: boolean): readonly string[] {
    return this.#of(group).flatMap(({ metadata, spec }) => {
      const uid = metadata?.uid ?? ''
      return (Boolean(spec?.nodeName) || this.#assumed.has(uid)) === placed ? [uid] : []
    })
  }

  #of(group: string): readonly core.v1.Pod[] {
    return this.#pods.byIndex('podGroup', group).filter((pod) => !isPodTerminal(pod))
  }
}
