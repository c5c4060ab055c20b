import type { Host } from '../../base/host.ts'
import type { Refusals } from '../cycle/refusals.ts'
import type { NodeTable } from '../node-table.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Profile } from '../profile.ts'
import type { KeptScores } from './score-sheet.ts'
import { type SeenNode, seeNode } from './seen-node.ts'

/** Pods whose last attempt is kept; beyond it those tried the longest ago are forgotten. */
export const maxAttempts = 256

/** Refused nodes that are kept of one attempt. */
const maxSeenNodes = 50

/** What was seen in one attempt to place a pod. */
export interface Attempt {
  readonly info: PodInfo
  readonly profile: Profile
  readonly atMs: number
  /** `placed`: it is on its way there. */
  readonly result: 'placed' | 'bound' | 'unschedulable' | 'error'
  /** The choice. */
  readonly node?: string
  /** How many nodes would have done. */
  readonly feasible?: number
  /** Absent where no more than one node would have done. */
  readonly scores?: KeptScores | undefined
  /** How many nodes were looked at and refused; `seen` has the first of them. */
  readonly refused: number
  readonly seen: readonly SeenNode[]
  /** In the words of the pod's condition. */
  readonly message?: string
}

type Choice = Pick<Attempt, 'node' | 'feasible' | 'scores'>

/** The last attempt of each pod. */
export class AttemptLog {
  readonly #table: NodeTable
  readonly #host: Pick<Host, 'now'>
  /** By `namespace/name`, the oldest first. */
  readonly #attempts = new Map<string, Attempt>()

  constructor(table: NodeTable, host: Pick<Host, 'now'>) {
    this.#table = table
    this.#host = host
  }

  /** A choice has been made, or there is none. Before anything of the cycle is used again. */
  begin(info: PodInfo, profile: Profile, refusals: Refusals, choice?: Choice): void {
    this.#set({
      ...{ info, profile },
      atMs: this.#host.now(),
      result: choice === undefined ? 'unschedulable' : 'placed',
      ...choice,
      refused: refusals.size,
      seen: refusals.first(maxSeenNodes, (index, refusal) => seeNode(this.#table, index, info, refusal)),
    })
  }

  bound(info: PodInfo): void {
    const attempt = this.#of(info)
    if (attempt !== undefined) this.#attempts.set(info.key, { ...attempt, result: 'bound' })
  }

  /** An error may come before anything is known: nothing of an earlier attempt is taken for this one's then. */
  failed(info: PodInfo, profile: Profile, result: 'unschedulable' | 'error', message: string): void {
    const attempt = this.#of(info)
    if (attempt !== undefined && attempt.message === undefined)
      this.#attempts.set(info.key, { ...attempt, result, message })
    else this.#set({ info, profile, atMs: this.#host.now(), result, message, refused: 0, seen: [] })
  }

  get(namespace: string, name: string): Attempt | undefined {
    return this.#attempts.get(`${namespace}/${name}`)
  }

  /** That of another pod of the same name is none of its. */
  #of({ key, uid }: PodInfo): Attempt | undefined {
    const attempt = this.#attempts.get(key)
    return attempt?.info.uid === uid ? attempt : undefined
  }

  #set(attempt: Attempt): void {
    const { key } = attempt.info
    this.#attempts.delete(key)
    this.#attempts.set(key, attempt)
    if (this.#attempts.size <= maxAttempts) return
    const [oldest = ''] = this.#attempts.keys()
    this.#attempts.delete(oldest)
  }
}
