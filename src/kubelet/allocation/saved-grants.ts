import { isRecord } from '../../base/is-record.ts'
import type { ComputeAmounts, PodResources } from './granted-resources.ts'

/** What of a resized pod must outlive the agent: nothing else knows it. */
export interface SavedGrant {
  readonly given: PodResources
  /** What was brought into force since the containers were made, by container id. */
  readonly inForce: Readonly<Record<string, ComputeAmounts>>
  readonly podLevel: ComputeAmounts
}

/** Where it is kept. A save is whole or did not happen; `load` resolves to undefined where nothing was saved. */
export interface GrantStore {
  load(): Promise<string | undefined>
  save(text: string): Promise<void>
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
  readonly #store: GrantStore | undefined
  #grants = new Map<string, SavedGrant>()
  #writing: Promise<void> | undefined
  #waiting: Promise<void> | undefined

  /** Without a store they live as long as the agent. */
  constructor(store: GrantStore | undefined) {
    this.#store = store
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
    return this.#write()
  }

  async delete(podUid: string): Promise<void> {
    if (this.#grants.delete(podUid)) await this.#write()
  }

  /** Forgets pods that are no longer there. */
  async keepOnly(podUids: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#grants.keys()].filter((uid) => !podUids.has(uid))
    for (const uid of gone) this.#grants.delete(uid)
    if (gone.length > 0) await this.#write()
  }

  /** Whoever comes while a write is under way shares the next one. */
  #write(): Promise<void> {
    if (this.#store === undefined) return Promise.resolve()
    // Also when none is under way any more: the next one begins only some steps after the last has ended.
    if (this.#waiting !== undefined) return this.#waiting
    if (this.#writing === undefined) return this.#begin(this.#store)
    const store = this.#store
    this.#waiting = this.#writing
      .catch(() => {})
      .then(() => {
        this.#waiting = undefined
        return this.#begin(store)
      })
    return this.#waiting
  }

  #begin(store: GrantStore): Promise<void> {
    const writing = store.save(JSON.stringify(Object.fromEntries(this.#grants))).finally(() => {
      if (this.#writing === writing) this.#writing = undefined
    })
    this.#writing = writing
    return writing
  }
}
