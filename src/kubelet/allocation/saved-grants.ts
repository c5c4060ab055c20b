import { isRecord } from '../../base/is-record.ts'
import type { StateStore } from '../state/state-store.ts'
import { StateWriter } from '../state/state-writer.ts'
import type { ComputeAmounts, PodResources } from './granted-resources.ts'

/** What of a resized pod must outlive the agent: nothing else knows it. */
export interface SavedGrant {
  readonly given: PodResources
  /** What was brought into force since the containers were made, by container id. */
  readonly inForce: Readonly<Record<string, ComputeAmounts>>
  readonly podLevel: ComputeAmounts
}

const amountNames = ['cpuRequest', 'cpuLimit', 'memoryRequest', 'memoryLimit'] as const

const isAmounts = (value: unknown): value is ComputeAmounts =>
  isRecord(value) && amountNames.every((name) => Number.isFinite(value[name]))

const isResources = (value: unknown): value is PodResources =>
  isRecord(value) &&
  isRecord(value['containers']) &&
  Object.values(value['containers']).every(isRecord) &&
  (value['pod'] === undefined || isRecord(value['pod']))

const isGrant = (value: unknown): value is SavedGrant =>
  isRecord(value) &&
  isResources(value['given']) &&
  isRecord(value['inForce']) &&
  Object.values(value['inForce']).every(isAmounts) &&
  isAmounts(value['podLevel'])

function parse(text: string): ReadonlyMap<string, SavedGrant> {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value)) throw new Error('it holds no object')
  return new Map(
    Object.entries(value).map(([uid, grant]) => {
      if (!isGrant(grant)) throw new Error(`what it says of pod ${uid} cannot be read`)
      return [uid, grant]
    }),
  )
}

/** The grants of resized pods, by the pods' uids, in a store: one write at a time, the newest state. */
export class SavedGrants {
  readonly #store: StateStore | undefined
  #grants = new Map<string, SavedGrant>()
  readonly #writer: StateWriter

  /** Without a store they live as long as the agent. */
  constructor(store: StateStore | undefined) {
    this.#store = store
    this.#writer = new StateWriter(store, () => JSON.stringify(Object.fromEntries(this.#grants)))
  }

  /** Rejects where the store cannot be read. */
  async load(): Promise<void> {
    const text = await this.#store?.load()
    if (text !== undefined) this.#grants = new Map(parse(text))
  }

  get(podUid: string): SavedGrant | undefined {
    return this.#grants.get(podUid)
  }

  /** Resolves when it is kept. */
  put(podUid: string, grant: SavedGrant): Promise<void> {
    this.#grants.set(podUid, grant)
    return this.#writer.write()
  }

  async delete(podUid: string): Promise<void> {
    if (this.#grants.delete(podUid)) await this.#writer.write()
  }

  /** Forgets pods that are no longer there. */
  async keepOnly(podUids: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#grants.keys()].filter((uid) => !podUids.has(uid))
    for (const uid of gone) this.#grants.delete(uid)
    if (gone.length > 0) await this.#writer.write()
  }
}
