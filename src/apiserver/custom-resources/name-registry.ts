import type {
  Definition,
  DefinitionNames,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'

/** What is remembered of every definition; the definitions themselves, with their schemas, are read when needed. */
export interface NameRecord {
  readonly name: string
  readonly group: string
  readonly accepted: Partial<DefinitionNames>
}

export interface TakenNames {
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

/** Which names of resources and kinds the definitions of each group have been granted. */
export class NameRegistry {
  readonly #groups = new Map<string, Map<string, NameRecord>>()
  /** What has been granted and is being written. */
  readonly #reserved = new Map<string, NameRecord>()

  replace(name: string, definition: Definition | undefined, old: Definition | undefined): void {
    const group = definition?.spec.group ?? old?.spec.group ?? ''
    const records = this.#groups.get(group) ?? new Map<string, NameRecord>()
    if (definition === undefined) records.delete(name)
    else records.set(name, { name, group, accepted: definition.status?.acceptedNames ?? {} })
    if (records.size === 0) this.#groups.delete(group)
    else this.#groups.set(group, records)
  }

  /** From now until `release` these names count as taken, whether others can see it or not. */
  reserve(name: string, definition: Definition): void {
    const { group } = definition.spec
    this.#reserved.set(name, { name, group, accepted: definition.status?.acceptedNames ?? {} })
  }

  release(name: string): void {
    this.#reserved.delete(name)
  }

  /** Names of the definitions of a group. */
  inGroup(group: string): readonly string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])]
  }

  taken(group: string): TakenNames {
    const resources = new Set<string>()
    const kinds = new Set<string>()
    const reserved = [...this.#reserved.values()].filter((record) => record.group === group)
    for (const { accepted } of [...(this.#groups.get(group)?.values() ?? []), ...reserved]) {
      const { plural = '', singular = '', shortNames = [], kind = '', listKind = '' } = accepted
      for (const resource of [plural, singular, ...shortNames]) resources.add(resource)
      for (const one of [kind, listKind]) kinds.add(one)
    }
    return { resources, kinds }
  }
}
