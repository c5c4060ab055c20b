import type { Chain, Container, TableContent } from './table-content.ts'

/** One transaction. `commit` is called when it is in force; if it fails, the next one has to be a full one. */
export interface TableChange {
  readonly commands: readonly string[]
  commit(): void
}

/** Elements in one command: longer lines are as fast, but unreadable in an error. */
const elementsPerCommand = 500

/** Kernels before 6.2 see for a moment longer that a deleted element refers to a chain. */
export const staleChainRestMs = 1_000

const nothing: TableContent = { chains: new Map(), containers: new Map() }
const sameRules = (a: Chain, b: Chain): boolean => a.rules.join('\n') === b.rules.join('\n')

/** What is in a table, and the nft commands that turn it into something else. Never runs them. */
export class PolicyTable {
  readonly #name: string
  #applied = nothing
  /** Chains that nothing refers to any more, empty, and since when. */
  readonly #stale = new Map<string, number>()

  /** `inet example` */
  constructor(name: string) {
    this.#name = name
  }

  /** What removes the table, also where there is none. */
  get removal(): readonly string[] {
    return [`add table ${this.#name}`, `delete table ${this.#name}`]
  }

  /** When the next chain may be deleted; undefined when none waits. */
  get nextStaleChainAtMs(): number | undefined {
    const oldest = this.#stale.values().next().value
    return oldest === undefined ? undefined : oldest + staleChainRestMs
  }

  /** All of it anew, in place of whatever is there; no table where there is no content. */
  full(content: TableContent | undefined): TableChange {
    const { chains, containers } = content ?? nothing
    const commands = [...this.removal]
    if (content !== undefined) {
      commands.push(`add table ${this.#name} { comment "network policies of pods"; }`)
      commands.push(...this.#added([...chains], [...containers]))
    }
    const commit = (): void => {
      this.#applied = content ?? nothing
      this.#stale.clear()
    }
    return { commands, commit }
  }

  /** What differs; empty where nothing does. */
  incremental(content: TableContent, nowMs: number): TableChange {
    const old = this.#applied
    const chains = [...content.chains].filter(([name, chain]) => {
      const known = old.chains.get(name)
      return known === undefined || !sameRules(known, chain)
    })
    const containers = [...content.containers]
    const newContainers = containers.filter(([name]) => !old.containers.has(name))
    const goneChains = [...old.chains.keys()].filter((name) => !content.chains.has(name))
    const goneContainers = [...old.containers].filter(([name]) => !content.containers.has(name))
    const changes = containers.map(([name, container]) =>
      this.#changed(name, container, old.containers.get(name)),
    )
    const commands = [
      ...chains.flatMap(([name, chain]) => (old.chains.has(name) ? [] : [this.#addChain(name, chain)])),
      ...newContainers.map(([name, container]) => this.#addContainer(name, container)),
      ...changes.flatMap(({ removed }) => removed),
      ...[...goneChains, ...chains.flatMap(([name]) => (old.chains.has(name) ? [name] : []))].map(
        (name) => `flush chain ${this.#name} ${name}`,
      ),
      ...goneContainers.map(([name, { kind }]) => `delete ${kind} ${this.#name} ${name}`),
      ...chains.flatMap(([name, chain]) => this.#addRules(name, chain)),
      ...changes.flatMap(({ added }) => added),
    ]
    const commit = (): void => {
      this.#applied = content
      for (const name of content.chains.keys()) this.#stale.delete(name)
      for (const name of goneChains) this.#stale.set(name, nowMs)
    }
    return { commands, commit }
  }

  /** Deletes the chains that have rested; undefined when there is none. */
  sweep(nowMs: number): TableChange | undefined {
    const rested = [...this.#stale].filter(([, since]) => since + staleChainRestMs <= nowMs)
    if (rested.length === 0) return undefined
    return {
      commands: rested.map(([name]) => `delete chain ${this.#name} ${name}`),
      commit: () => {
        for (const [name] of rested) this.#stale.delete(name)
      },
    }
  }

  #added(
    chains: readonly (readonly [string, Chain])[],
    containers: readonly (readonly [string, Container])[],
  ): readonly string[] {
    return [
      ...chains.map(([name, chain]) => this.#addChain(name, chain)),
      ...containers.map(([name, container]) => this.#addContainer(name, container)),
      ...chains.flatMap(([name, chain]) => this.#addRules(name, chain)),
      ...containers.flatMap(([name, { elements }]) => this.#addElements(name, [...elements])),
    ]
  }

  #changed(
    name: string,
    { kind, interval, elements }: Container,
    old: Container | undefined,
  ): { readonly removed: readonly string[]; readonly added: readonly string[] } {
    const before = old?.elements ?? new Map<string, string>()
    const added = [...elements].filter(([key, value]) => before.get(key) !== value)
    // A verdict cannot be altered: the element is deleted and added in one transaction.
    const removed = [...before].flatMap(([key, value]) => (elements.get(key) === value ? [] : [key]))
    if (added.length + removed.length === 0) return { removed: [], added: [] }
    // nft cannot tell ranges that go from those that come in their place in one transaction.
    if (interval && removed.length > 0) {
      return {
        removed: [`flush ${kind} ${this.#name} ${name}`],
        added: this.#addElements(name, [...elements]),
      }
    }
    return { removed: this.#elements('delete', name, removed), added: this.#addElements(name, added) }
  }

  #addChain(name: string, { definition }: Chain): string {
    return `add chain ${this.#name} ${name}${definition === '' ? '' : ` ${definition}`}`
  }

  #addContainer(name: string, { kind, type, interval }: Container): string {
    return `add ${kind} ${this.#name} ${name} { type ${type};${interval ? ' flags interval;' : ''} }`
  }

  #addRules(name: string, { rules }: Chain): readonly string[] {
    return rules.map((rule) => `add rule ${this.#name} ${name} ${rule}`)
  }

  #addElements(name: string, elements: readonly (readonly [string, string])[]): readonly string[] {
    const texts = elements.map(([key, value]) => (value === '' ? key : `${key} : ${value}`))
    return this.#elements('add', name, texts)
  }

  #elements(verb: string, name: string, texts: readonly string[]): readonly string[] {
    const commands: string[] = []
    for (let start = 0; start < texts.length; start += elementsPerCommand) {
      const part = texts.slice(start, start + elementsPerCommand)
      commands.push(`${verb} element ${this.#name} ${name} { ${part.join(', ')} }`)
    }
    return commands
  }
}
