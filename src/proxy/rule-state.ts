import { type ContainerName, containers, type RuleElement, type RuleFragment } from './rule-fragment.ts'

/** What was found in the table before this proxy wrote to it. */
export interface ExistingNames {
  readonly serviceChains: readonly string[]
  readonly affinitySets: readonly string[]
}

/** One transaction. `commit` is called when it is in force; if it fails, the next one has to be a full one. */
export interface RuleChange {
  readonly commands: readonly string[]
  commit(): void
}

type Applied = {
  readonly chains: Map<string, string>
  readonly affinitySets: Set<string>
  readonly elements: ReadonlyMap<ContainerName, Map<string, string>>
}

const nothingApplied = (): Applied => ({
  chains: new Map(),
  affinitySets: new Set(),
  elements: new Map(containers.map((name) => [name, new Map<string, string>()])),
})

/** Who wants what under one name; the first one's wish counts. */
class Claims {
  readonly #claims = new Map<string, Map<string, string>>()

  set(name: string, owner: string, value: string): void {
    const owners = this.#claims.get(name)
    if (owners === undefined) this.#claims.set(name, new Map([[owner, value]]))
    else owners.set(owner, value)
  }

  remove(name: string, owner: string): void {
    const owners = this.#claims.get(name)
    owners?.delete(owner)
    if (owners?.size === 0) this.#claims.delete(name)
  }

  get(name: string): string | undefined {
    return this.#claims.get(name)?.values().next().value
  }

  names(): Iterable<string> {
    return this.#claims.keys()
  }
}

const textOf = (rules: readonly string[]): string => rules.join('\n')
const rulesOf = (text: string): readonly string[] => (text === '' ? [] : text.split('\n'))

/** Elements in one command; a command of a megabyte is as fast as a short one, but unreadable in an error. */
const elementsPerCommand = 500

/** Upstream's rest: kernels before 6.2 see for a moment longer that a deleted element refers to a chain. */
const staleChainRestMs = 1_000

/**
 * The table as it should be and as it is, and what turns one into the other. Pure but for its own memory:
 * it knows nft's language, and never runs it.
 */
export class RuleState {
  readonly #table: string
  readonly #affinitySetDefinition: string
  readonly #fragments = new Map<string, RuleFragment>()
  readonly #chains = new Claims()
  readonly #sets = new Claims()
  readonly #elements = new Map<ContainerName, Claims>(containers.map((name) => [name, new Claims()]))
  #applied = nothingApplied()
  /** What may differ from what is applied. */
  readonly #touched = {
    chains: new Set<string>(),
    sets: new Set<string>(),
    elements: new Map<string, RuleElement>(),
  }
  /** Chains that nothing refers to any more, empty, and since when. */
  readonly #stale = new Map<string, number>()

  constructor(table: string, addressType: string) {
    this.#table = table
    this.#affinitySetDefinition = `{ type ${addressType}; flags dynamic,timeout; }`
  }

  get hasChanges(): boolean {
    const { chains, sets, elements } = this.#touched
    return chains.size > 0 || sets.size > 0 || elements.size > 0
  }

  /** When the next chain may be deleted; undefined when none waits. */
  get nextStaleChainAtMs(): number | undefined {
    const oldest = this.#stale.values().next().value
    return oldest === undefined ? undefined : oldest + staleChainRestMs
  }

  /** `owner` wants exactly `fragment` in the table from now on; undefined: nothing. */
  set(owner: string, fragment: RuleFragment | undefined): void {
    const old = this.#fragments.get(owner)
    if (old !== undefined) this.#release(owner, old)
    if (fragment === undefined) {
      this.#fragments.delete(owner)
      return
    }
    this.#fragments.set(owner, fragment)
    for (const [chain, rules] of fragment.chains) {
      this.#chains.set(chain, owner, textOf(rules))
      this.#touched.chains.add(chain)
    }
    for (const name of fragment.affinitySets) {
      this.#sets.set(name, owner, '')
      this.#touched.sets.add(name)
    }
    for (const element of fragment.elements) {
      this.#elements.get(element.container)?.set(element.key, owner, element.value)
      this.#touched.elements.set(`${element.container} ${element.key}`, element)
    }
  }

  #release(owner: string, old: RuleFragment): void {
    for (const chain of old.chains.keys()) {
      this.#chains.remove(chain, owner)
      this.#touched.chains.add(chain)
    }
    for (const name of old.affinitySets) {
      this.#sets.remove(name, owner)
      this.#touched.sets.add(name)
    }
    for (const element of old.elements) {
      this.#elements.get(element.container)?.remove(element.key, owner)
      this.#touched.elements.set(`${element.container} ${element.key}`, element)
    }
  }

  /** Everything anew, over whatever is in the table. `base` makes the fixed part of it and empties the sets. */
  full(base: readonly string[], existing: ExistingNames, nowMs: number): RuleChange {
    const chains = [...this.#chains.names()]
    const wanted = new Set(chains)
    const sets = [...this.#sets.names()]
    const wantedSets = new Set(sets)
    const staleChains = existing.serviceChains.filter((chain) => !wanted.has(chain))
    const applied: Applied = {
      chains: new Map(chains.map((chain) => [chain, this.#chains.get(chain) ?? ''])),
      affinitySets: wantedSets,
      elements: new Map(
        [...this.#elements].map(([container, claims]) => [
          container,
          new Map([...claims.names()].map((key) => [key, claims.get(key) ?? ''])),
        ]),
      ),
    }
    const known = new Set(existing.serviceChains)
    const commands = [
      ...base,
      ...chains.map((chain) => this.#addChain(chain)),
      ...[...staleChains, ...chains.filter((chain) => known.has(chain))].map((chain) => this.#flush(chain)),
      ...sets.map((name) => this.#addSet(name)),
      ...[...applied.chains].flatMap(([chain, rules]) => this.#addRules(chain, rules)),
      ...[...applied.elements].flatMap(([container, elements]) => this.#addElements(container, elements)),
      ...existing.affinitySets.filter((name) => !wantedSets.has(name)).map((name) => this.#deleteSet(name)),
    ]
    const commit = (): void => {
      this.#applied = applied
      this.#stale.clear()
      for (const chain of staleChains) this.#stale.set(chain, nowMs)
    }
    return this.#change(commands, commit)
  }

  /** What differs from what is applied. */
  incremental(nowMs: number): RuleChange {
    const chains = this.#chainChanges()
    const sets = [...this.#touched.sets]
    const addedSets = sets.filter(
      (name) => this.#sets.get(name) !== undefined && !this.#applied.affinitySets.has(name),
    )
    const removedSets = sets.filter(
      (name) => this.#sets.get(name) === undefined && this.#applied.affinitySets.has(name),
    )
    const elements = this.#elementChanges()
    const commands = [
      ...chains.added.map((chain) => this.#addChain(chain)),
      ...addedSets.map((name) => this.#addSet(name)),
      ...elements.removed.flatMap(([container, keys]) => this.#deleteElements(container, keys)),
      ...[...chains.removed, ...chains.emptied].map((chain) => this.#flush(chain)),
      ...chains.written.flatMap(([chain, rules]) => this.#addRules(chain, rules)),
      ...elements.added.flatMap(([container, added]) => this.#addElements(container, added)),
      ...removedSets.map((name) => this.#deleteSet(name)),
    ]
    const commit = (): void => {
      for (const chain of chains.removed) {
        this.#applied.chains.delete(chain)
        this.#stale.set(chain, nowMs)
      }
      for (const [chain, rules] of chains.written) {
        this.#applied.chains.set(chain, rules)
        this.#stale.delete(chain)
      }
      for (const name of removedSets) this.#applied.affinitySets.delete(name)
      for (const name of addedSets) this.#applied.affinitySets.add(name)
      for (const [container, keys] of elements.removed) {
        for (const key of keys) this.#applied.elements.get(container)?.delete(key)
      }
      for (const [container, added] of elements.added) {
        for (const [key, value] of added) this.#applied.elements.get(container)?.set(key, value)
      }
    }
    return this.#change(commands, commit)
  }

  /** Deletes the chains that have rested; undefined when there is none. */
  sweep(nowMs: number): RuleChange | undefined {
    const rested = [...this.#stale].filter(([, since]) => since + staleChainRestMs <= nowMs)
    if (rested.length === 0) return undefined
    return {
      commands: rested.map(([chain]) => `delete chain ${this.#table} ${chain}`),
      commit: () => {
        for (const [chain] of rested) this.#stale.delete(chain)
      },
    }
  }

  /** What is touched from now on belongs to the next change. */
  #change(commands: readonly string[], commit: () => void): RuleChange {
    this.#touched.chains.clear()
    this.#touched.sets.clear()
    this.#touched.elements.clear()
    return { commands, commit }
  }

  #chainChanges(): {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly emptied: readonly string[]
    readonly written: readonly (readonly [string, string])[]
  } {
    const added: string[] = []
    const removed: string[] = []
    const emptied: string[] = []
    const written: [string, string][] = []
    for (const chain of this.#touched.chains) {
      const want = this.#chains.get(chain)
      const have = this.#applied.chains.get(chain)
      if (want === have) continue
      if (want === undefined) removed.push(chain)
      else {
        if (have === undefined) added.push(chain)
        else emptied.push(chain)
        written.push([chain, want])
      }
    }
    return { added, removed, emptied, written }
  }

  #elementChanges(): {
    readonly removed: readonly (readonly [ContainerName, readonly string[]])[]
    readonly added: readonly (readonly [ContainerName, ReadonlyMap<string, string>])[]
  } {
    const removed = new Map<ContainerName, string[]>(containers.map((name) => [name, []]))
    const added = new Map<ContainerName, Map<string, string>>(containers.map((name) => [name, new Map()]))
    for (const { container, key } of this.#touched.elements.values()) {
      const want = this.#elements.get(container)?.get(key)
      const have = this.#applied.elements.get(container)?.get(key)
      if (want === have) continue
      // A value cannot be altered: the element is deleted and added in one transaction.
      if (have !== undefined) removed.get(container)?.push(key)
      if (want !== undefined) added.get(container)?.set(key, want)
    }
    return { removed: [...removed], added: [...added] }
  }

  #addChain(chain: string): string {
    return `add chain ${this.#table} ${chain}`
  }

  #flush(chain: string): string {
    return `flush chain ${this.#table} ${chain}`
  }

  #addSet(name: string): string {
    return `add set ${this.#table} ${name} ${this.#affinitySetDefinition}`
  }

  #deleteSet(name: string): string {
    return `delete set ${this.#table} ${name}`
  }

  #addRules(chain: string, rules: string): readonly string[] {
    return rulesOf(rules).map((rule) => `add rule ${this.#table} ${chain} ${rule}`)
  }

  #addElements(container: ContainerName, elements: ReadonlyMap<string, string>): readonly string[] {
    const texts = [...elements].map(([key, value]) => (value === '' ? key : `${key} : ${value}`))
    return this.#inParts('add', container, texts)
  }

  #deleteElements(container: ContainerName, keys: readonly string[]): readonly string[] {
    return this.#inParts('delete', container, keys)
  }

  #inParts(verb: string, container: ContainerName, texts: readonly string[]): readonly string[] {
    const commands: string[] = []
    for (let start = 0; start < texts.length; start += elementsPerCommand) {
      const part = texts.slice(start, start + elementsPerCommand).join(', ')
      commands.push(`${verb} element ${this.#table} ${container} { ${part} }`)
    }
    return commands
  }
}
