import type { core } from '../../api/generated/types/index.ts'
import type { ResourceManagers } from '../resources/resource-managers.ts'
import { admitPod, type Rejection } from './admit-pod.ts'
import { admitAppArmor } from './app-armor.ts'
import type { SysctlRules } from './sysctls.ts'

type Pod = core.v1.Pod

export interface PodAdmissionOptions {
  readonly node: () => core.v1.Node | undefined
  readonly managers: ResourceManagers
  readonly sysctls: SysctlRules
  /** The kernel has AppArmor. */
  readonly appArmor: boolean
  /** Why the node takes nobody of the sort at present. */
  readonly whyNotNow: (pod: Pod) => Rejection | undefined
  /** All pods that hold a part of the node, as they were granted, but for one. */
  readonly granted: (besides: string | undefined) => readonly Pod[]
}

/** Whether a node takes a pod: all that may speak against it, in upstream's order. */
export class PodAdmission {
  readonly #options: PodAdmissionOptions

  constructor(options: PodAdmissionOptions) {
    this.#options = options
  }

  /** Of a pod that the node has: what it asks for has changed. */
  admit(pod: Pod): Rejection | undefined {
    return this.#mayRun(pod) ?? this.#fits(pod)
  }

  /** Of a new pod, which is given its devices first. A promise only where somebody has to be asked. */
  admitNew(pod: Pod): Rejection | undefined | Promise<Rejection | undefined> {
    const refused = this.#mayRun(pod) ?? this.#options.managers.admit(pod)
    if (refused instanceof Promise) return refused.then((rejection) => rejection ?? this.#fits(pod))
    return refused ?? this.#fits(pod)
  }

  #mayRun(pod: Pod): Rejection | undefined {
    return this.#options.whyNotNow(pod) ?? this.#options.sysctls.admit(pod)
  }

  #fits(pod: Pod): Rejection | undefined {
    const { managers, appArmor, granted } = this.#options
    const node = this.#options.node()
    if (node === undefined) return undefined
    const allocatable = managers.allocatableFor(pod, node.status?.allocatable ?? {})
    const withGiven = { ...node, status: { ...node.status, allocatable } }
    return admitPod(pod, withGiven, granted(pod.metadata?.uid)) ?? admitAppArmor(pod, appArmor)
  }
}
