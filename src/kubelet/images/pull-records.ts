import { isRecord } from '../../base/is-record.ts'

/** Which credential of a pod's was accepted: of a secret, with a hash of what it says, or of a service account, without. */
export interface PodCredential {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly hash: string
}

/** Which pods have to show that they may use an image that is there (KEP-2535). */
export interface PullVerification {
  readonly policy:
    | 'NeverVerify'
    | 'NeverVerifyPreloadedImages'
    | 'NeverVerifyAllowlistedImages'
    | 'AlwaysVerify'
  /** Names without tag, or what they begin with: `registry.example/team/*`. */
  readonly allowlist: readonly string[]
}

export const usualVerification: PullVerification = { policy: 'NeverVerifyPreloadedImages', allowlist: [] }

/** Where records outlive the agent. */
export interface RecordStore {
  load(): Promise<string | undefined>
  save(text: string): Promise<void>
}

/** Who may use an image under a name: everyone, or whoever has one of these. */
type Access = 'everyone' | readonly PodCredential[]

interface PullRecord {
  readonly updatedMs: number
  /** By name without tag and digest. */
  readonly access: Readonly<Record<string, Access>>
}

/** Beyond that many, a pod that is let in does not make a record grow. */
const maxSecretsLearned = 100

/** The name without tag and digest. */
export const bareImageName = (image: string): string => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')

const matchesPattern = (pattern: string, name: string): boolean =>
  pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern

const sameSecret = (a: PodCredential, b: PodCredential): boolean =>
  a.uid === b.uid && a.namespace === b.namespace && a.name === b.name

/** Remembers with what each image was pulled, so that a pod cannot use a private one only because it is there. */
export class PullRecords {
  readonly #store: RecordStore | undefined
  readonly #verification: PullVerification
  readonly #now: () => number
  /** By the image's id. */
  #records = new Map<string, PullRecord>()
  /** Images whose pull has begun, and how many pulls there are; 0: one that an earlier agent did not see the end of. */
  readonly #pulling = new Map<string, number>()
  #saving: Promise<void> = Promise.resolve()

  /** Without a store records live as long as the agent. */
  constructor(store: RecordStore | undefined, verification: PullVerification, now: () => number) {
    this.#store = store
    this.#verification = verification
    this.#now = now
  }

  /** Rejects where the store cannot be read. */
  async load(): Promise<void> {
    const text = await this.#store?.load()
    if (text === undefined) return
    const state: unknown = JSON.parse(text)
    if (!isRecord(state) || !isRecord(state['records']) || !Array.isArray(state['pulling']))
      throw new Error('the records of image pulls cannot be read')
    for (const [id, record] of Object.entries(state['records'])) {
      if (!isPullRecord(record)) throw new Error(`the record of image ${id} cannot be read`)
      this.#records.set(id, record)
    }
    for (const image of state['pulling']) this.#pulling.set(String(image), 0)
  }

  /** Before a pull: an image that is there afterwards is known to be no preloaded one. */
  async begin(image: string): Promise<void> {
    this.#pulling.set(image, (this.#pulling.get(image) ?? 0) + 1)
    await this.#save()
  }

  /** `secret` is what it was pulled with; undefined: with nothing, or with what every pod of the node has. */
  async succeeded(image: string, id: string, secret: PodCredential | undefined): Promise<void> {
    this.#learn(image, id, secret)
    await this.#end(image)
  }

  failed(image: string): Promise<void> {
    return this.#end(image)
  }

  /** Whether a pod has to pull the image although it is there; `own`, its credentials, are asked for only where they matter. */
  async mustPull(image: string, id: string, own: () => Promise<readonly PodCredential[]>): Promise<boolean> {
    const record = this.#records.get(id)
    if (!this.#isVerified(image, record !== undefined || this.#pulling.has(image))) return false
    const access = record?.access[bareImageName(image)]
    if (access === undefined) return true
    if (access === 'everyone') return false
    const fitting = (await own()).find((secret) =>
      access.some((known) => (secret.hash !== '' && known.hash === secret.hash) || sameSecret(known, secret)),
    )
    if (fitting === undefined) return true
    const isKnown = access.some((known) => sameSecret(known, fitting) && known.hash === fitting.hash)
    if (!isKnown && access.length < maxSecretsLearned) {
      this.#learn(image, id, fitting)
      await this.#save()
    }
    return false
  }

  /** Forgets images that are gone, unless they came back after `beganMs`. */
  async keepOnly(ids: ReadonlySet<string>, beganMs: number): Promise<void> {
    const gone = [...this.#records].filter(([id, { updatedMs }]) => !ids.has(id) && updatedMs < beganMs)
    for (const [id] of gone) this.#records.delete(id)
    if (gone.length > 0) await this.#save()
  }

  #isVerified(image: string, wasPulled: boolean): boolean {
    const { policy, allowlist } = this.#verification
    switch (policy) {
      case 'NeverVerify':
        return false
      case 'NeverVerifyPreloadedImages':
        return wasPulled
      case 'NeverVerifyAllowlistedImages':
        return !allowlist.some((pattern) => matchesPattern(pattern, bareImageName(image)))
      case 'AlwaysVerify':
        return true
    }
  }

  #learn(image: string, id: string, secret: PodCredential | undefined): void {
    const record = this.#records.get(id)
    const name = bareImageName(image)
    const before = record?.access[name] ?? []
    const access: Access =
      secret === undefined || before === 'everyone'
        ? 'everyone'
        : [...before.filter((known) => !sameSecret(known, secret)), secret]
    this.#records.set(id, { updatedMs: this.#now(), access: { ...record?.access, [name]: access } })
  }

  async #end(image: string): Promise<void> {
    const others = (this.#pulling.get(image) ?? 1) - 1
    if (others > 0) this.#pulling.set(image, others)
    else this.#pulling.delete(image)
    await this.#save()
  }

  /** One write after another, each of the newest state. */
  #save(): Promise<void> {
    const store = this.#store
    if (store === undefined) return Promise.resolve()
    const write = (): Promise<void> =>
      store.save(
        JSON.stringify({ records: Object.fromEntries(this.#records), pulling: [...this.#pulling.keys()] }),
      )
    this.#saving = this.#saving.then(write, write)
    return this.#saving
  }
}

const isSecret = (value: unknown): value is PodCredential =>
  isRecord(value) && ['uid', 'namespace', 'name', 'hash'].every((key) => typeof value[key] === 'string')

const isPullRecord = (value: unknown): value is PullRecord =>
  isRecord(value) &&
  typeof value['updatedMs'] === 'number' &&
  isRecord(value['access']) &&
  Object.values(value['access']).every(
    (access) => access === 'everyone' || (Array.isArray(access) && access.every(isSecret)),
  )
