import { podRequests } from '../../../api/core/pod/pod-requests.ts'
import { type QosClass, qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'

/** A pod that has its group, and what it counts for in its class. */
interface Member {
  readonly qos: QosClass
  /** Thousandths of processors. */
  readonly cpu: number
  /** Bytes. */
  readonly memory: number
}

/** What the pods of each class request together; each is looked at when it comes and when it is resized. */
export class ClassTotals {
  readonly #members = new Map<string, Member>()
  readonly #totals = new Map<QosClass, { cpu: number; memory: number }>()

  has(podUid: string): boolean {
    return this.#members.has(podUid)
  }

  /** Counts a pod, in place of what it was before; its class. */
  set(podUid: string, pod: core.v1.Pod): QosClass {
    this.delete(podUid)
    const requests = podRequests(pod)
    const qos = qosClass(pod)
    const member = { qos, cpu: requests.get('cpu') ?? 0, memory: requests.get('memory') ?? 0 }
    this.#members.set(podUid, member)
    this.#add(member, 1)
    return qos
  }

  /** The class that it was of; undefined where it was not counted. */
  delete(podUid: string): QosClass | undefined {
    const member = this.#members.get(podUid)
    if (member === undefined) return undefined
    this.#members.delete(podUid)
    this.#add(member, -1)
    return member.qos
  }

  clear(): void {
    this.#members.clear()
    this.#totals.clear()
  }

  requested(qos: QosClass): { readonly cpu: number; readonly memory: number } {
    return this.#totals.get(qos) ?? { cpu: 0, memory: 0 }
  }

  #add({ qos, cpu, memory }: Member, sign: 1 | -1): void {
    const before = this.requested(qos)
    this.#totals.set(qos, { cpu: before.cpu + sign * cpu, memory: before.memory + sign * memory })
  }
}
