import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RuleElement, RuleFragment } from './rule-fragment.ts'
import { RuleState } from './rule-state.ts'

/** As much of nftables as the state relies on, with the kernel's refusals. */
class Table {
  readonly chains = new Map<string, string[]>()
  readonly sets = new Set<string>()
  readonly elements = new Map<string, string>()

  run(commands: readonly string[]): void {
    for (const command of commands) this.#one(command)
  }

  /** Chains with rules, sets and elements, in one order. */
  get text(): string {
    const chains = [...this.chains]
      .filter(([, rules]) => rules.length > 0)
      .map(([name, rules]) => [name, ...rules])
    return JSON.stringify([chains.sort(), [...this.sets].sort(), [...this.elements].sort()])
  }

  #one(command: string): void {
    const [verb, what, , , name = '', ...rest] = command.split(' ')
    const text = rest.join(' ')
    const chain = this.chains.get(name)
    switch (`${verb} ${what}`) {
      case 'add chain':
        if (chain === undefined) this.chains.set(name, [])
        return
      case 'flush chain':
        expect(chain, command).toBeDefined()
        chain?.splice(0)
        return
      case 'delete chain':
        expect(chain, command).toEqual([])
        expect([...this.elements.values()], command).not.toContain(`goto ${name}`)
        this.chains.delete(name)
        return
      case 'add rule':
        expect(chain, command).toBeDefined()
        for (const set of text.matchAll(/@(\S+)/g)) expect(this.sets, command).toContain(set[1])
        chain?.push(text)
        return
      case 'add set':
        this.sets.add(name)
        return
      case 'delete set':
        expect(this.sets, command).toContain(name)
        for (const rules of this.chains.values()) expect(rules.join(' '), command).not.toContain(`@${name} `)
        this.sets.delete(name)
        return
      case 'add element':
      case 'delete element':
        for (const element of text.slice(2, -2).split(', ')) this.#element(verb ?? '', name, element, command)
        return
      default:
        throw new Error(`unknown command: ${command}`)
    }
  }

  #element(verb: string, container: string, element: string, command: string): void {
    const [key = '', value = ''] = element.split(' : ')
    const id = `${container} ${key}`
    if (verb === 'add') {
      expect(this.elements.has(id), command).toBe(false)
      if (value !== '') expect(this.chains.has(value.replace('goto ', '')), command).toBe(true)
      this.elements.set(id, value)
    } else {
      expect(this.elements.has(id), command).toBe(true)
      this.elements.delete(id)
    }
  }
}

const names = fc.constantFrom('a', 'b', 'c', 'd')

const fragment: fc.Arbitrary<RuleFragment> = fc
  .record({
    chain: names,
    rules: fc.array(fc.constantFrom('accept', 'drop', 'return'), { maxLength: 3 }),
    set: fc.option(names, { nil: undefined }),
    keys: fc.array(fc.tuple(fc.constantFrom('service-ips', 'cluster-ips'), names), { maxLength: 3 }),
  })
  .map(({ chain, rules, set, keys }) => ({
    chains: new Map([[`service/${chain}`, [...(set === undefined ? [] : [`@${set} accept`]), ...rules]]]),
    affinitySets: set === undefined ? [] : [set],
    elements: keys.map(
      ([container, key]): RuleElement =>
        container === 'service-ips'
          ? { container: 'service-ips', key, value: `goto service/${chain}` }
          : { container: 'cluster-ips', key, value: '' },
    ),
  }))

type Step =
  | { readonly kind: 'set'; readonly owner: string; readonly fragment: RuleFragment | undefined }
  | { readonly kind: 'sync' | 'sweep' | 'fail' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set' as const), owner: names, fragment }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      owner: names,
      fragment: fc.constant(undefined),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ kind: 'sync' }, { kind: 'sweep' }, { kind: 'fail' }),
  },
)

/** What makes the fixed part empty, as the real base commands do. */
function existing(table: Table): readonly string[] {
  table.elements.clear()
  return []
}

test('RuleState.incremental() leads to the same table as everything anew', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const state = new RuleState('ip kube-proxy', 'ipv4_addr')
      const table = new Table()
      const wanted = new Map<string, RuleFragment>()
      let needFull = true
      let nowMs = 0
      const sync = (): void => {
        nowMs += 300
        if (needFull) {
          const serviceChains = [...table.chains.keys()]
          const affinitySets = [...table.sets]
          const change = state.full(existing(table), { serviceChains, affinitySets }, nowMs)
          table.run(change.commands)
          change.commit()
        } else {
          const change = state.incremental(nowMs)
          table.run(change.commands)
          change.commit()
        }
        needFull = false
      }
      for (const each of steps) {
        if (each.kind === 'set') {
          state.set(each.owner, each.fragment)
          // Whoever spoke first is heard, and speaking again is speaking last.
          wanted.delete(each.owner)
          if (each.fragment !== undefined) wanted.set(each.owner, each.fragment)
        } else if (each.kind === 'sync') sync()
        else if (each.kind === 'fail') {
          state.incremental(nowMs)
          needFull = true
        } else {
          const sweep = state.sweep(nowMs)
          if (!needFull && sweep !== undefined) {
            table.run(sweep.commands)
            sweep.commit()
          }
        }
      }
      sync()
      const fresh = new RuleState('ip kube-proxy', 'ipv4_addr')
      for (const [owner, each] of wanted) fresh.set(owner, each)
      const anew = new Table()
      anew.run(fresh.full([], { serviceChains: [], affinitySets: [] }, 0).commands)
      expect(table.text).toBe(anew.text)
      const rest = state.sweep(nowMs + 1_000_000)
      if (rest !== undefined) table.run(rest.commands)
      expect([...table.chains.keys()].sort()).toEqual([...anew.chains.keys()].sort())
    }),
    { numRuns: 300 },
  )
})
