import { assert } from '../base/assert.ts'
import { aggregate } from './aggregate.ts'

/** What a release says of a gate. */
export interface FeatureGateFacts {
  readonly default: boolean
  /** True: nobody can change it any more. */
  readonly locked: boolean
  readonly stage: 'PreAlpha' | 'Alpha' | 'Beta' | 'GA' | 'Deprecated'
}

/** Names something that follows from the gates; a constant of who asks for it. */
export interface DerivedKey<T> {
  make(features: Features): T
}

/** What hooks and components ask: is this feature on? */
export interface Features {
  /** `name` is a gate of the release; anything else is a mistake of the caller. */
  enabled(name: string): boolean
  /** What `make` gives for these gates, worked out once for each key. */
  derived<T>(key: DerivedKey<T>): T
}

const groups: ReadonlyMap<string, FeatureGateFacts['stage']> = new Map([
  ['AllAlpha', 'Alpha'],
  ['AllBeta', 'Beta'],
])

function unmet(
  states: ReadonlyMap<string, boolean>,
  dependencies: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return Object.entries(dependencies).flatMap(([name, needed]) => {
    const off = states.get(name) === true ? needed.filter((each) => states.get(each) !== true) : []
    const text = `${name} is enabled, but depends on features that are disabled: [${off.join(' ')}]`
    return off.length === 0 ? [] : [text]
  })
}

/**
 * Which features are on: the release's defaults, and what the operator set (`--feature-gates`). Immutable; a
 * setting that the release does not allow throws an Error in upstream's words. `switches`: the gates that can be
 * changed at all, for a program that has some features always and some never; absent: all. `dependencies`: the gates
 * that each asks for.
 */
export class FeatureGates implements Features {
  readonly #facts: Readonly<Record<string, FeatureGateFacts>>
  readonly #states: ReadonlyMap<string, boolean>
  readonly #derived = new Map<DerivedKey<unknown>, unknown>()

  constructor(
    facts: Readonly<Record<string, FeatureGateFacts>>,
    settings: ReadonlyMap<string, boolean>,
    switches: ReadonlySet<string> = new Set(Object.keys(facts)),
    dependencies: Readonly<Record<string, readonly string[]>> = {},
  ) {
    const states = new Map(Object.entries(facts).map(([name, gate]) => [name, gate.default]))
    for (const [name, value] of settings) {
      const stage = groups.get(name)
      if (stage === undefined) continue
      for (const [gate, { stage: own }] of Object.entries(facts))
        if (own === stage && switches.has(gate)) states.set(gate, value)
      states.set(name, value)
    }
    for (const [name, value] of settings) {
      if (groups.has(name)) continue
      const gate = Object.hasOwn(facts, name) ? facts[name] : undefined
      if (gate === undefined) throw new Error(`unrecognized feature gate: ${name}`)
      if (gate.locked && gate.default !== value)
        throw new Error(`cannot set feature gate ${name} to ${value}, feature is locked to ${gate.default}`)
      if (gate.default !== value && !switches.has(name))
        throw new Error(`cannot set feature gate ${name} to ${value}, there is no switch for it here`)
      states.set(name, value)
    }
    const missing = unmet(states, dependencies)
    if (missing.length > 0) throw new Error(aggregate(missing))
    this.#facts = facts
    this.#states = states
  }

  enabled(name: string): boolean {
    const state = this.#states.get(name)
    assert(state !== undefined, `${name} is no feature gate of this release`)
    return state
  }

  derived<T>(key: DerivedKey<T>): T {
    if (!this.#derived.has(key)) this.#derived.set(key, key.make(this))
    return this.#derived.get(key) as T
  }

  /** All gates with their facts and state, by name: for metrics, help texts and status pages. */
  list(): readonly (FeatureGateFacts & { readonly name: string; readonly enabled: boolean })[] {
    return Object.entries(this.#facts)
      .map(([name, gate]) => ({ name, ...gate, enabled: this.#states.get(name) ?? gate.default }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
])

/** A boolean as Go's strconv.ParseBool reads it. */
export const parseBoolean = (text: string): boolean | undefined => booleans.get(text)

/** `Foo=true,Bar=false` as `--feature-gates` takes it, which may be given several times. */
export function parseFeatureGates(flag: string): ReadonlyMap<string, boolean> {
  const settings = new Map<string, boolean>()
  for (const part of flag.split(',')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = (at < 0 ? part : part.slice(0, at)).trim()
    if (at < 0) throw new Error(`missing bool value for ${name}`)
    const text = part.slice(at + 1).trim()
    const value = parseBoolean(text)
    if (value === undefined) {
      const why = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`
      throw new Error(`invalid value of ${name}=${text}, err: ${why}`)
    }
    settings.set(name, value)
  }
  return settings
}
