import { formatIp, type IpAddress, parseIp } from '../../../apimachinery/ip-address.ts'

export interface Packet {
  readonly from: IpAddress
  readonly to: IpAddress
  /** tcp, udp, sctp, icmp */
  readonly protocol: string
  readonly port: number
}

type Verdict = 'accept' | 'drop' | 'return'

function within(range: string, value: bigint): boolean {
  const [first = '', last = first] = range.split('-').map((part) => part.trim())
  const bound = (text: string): bigint => parseIp(text)?.value ?? BigInt(text)
  return bound(first) <= value && value <= bound(last)
}

/** The part of nftables that policies use, in memory: takes nft's commands, and judges the first packet of a connection. */
export class ModelTable {
  #chains = new Map<string, string[]>()
  #containers = new Map<string, Map<string, string>>()

  apply(commands: readonly string[]): void {
    for (const command of commands) this.#command(command)
  }

  /** `hook`: `input` for what is sent to the node itself. */
  passes(packet: Packet, hook: 'forward' | 'input' = 'forward'): boolean {
    return this.#walk(hook, packet) !== 'drop'
  }

  get chains(): readonly string[] {
    return [...this.#chains.keys()].sort()
  }

  #command(command: string): void {
    const [verb = '', what = '', , , name = ''] = command.split(' ')
    const rest = command.split(' ').slice(5).join(' ')
    if (what === 'table') {
      if (verb === 'delete') this.#chains = new Map()
      if (verb === 'delete') this.#containers = new Map()
      return
    }
    if (what === 'element') this.#element(verb, this.#container(name), rest)
    else if (what === 'rule') this.#chain(name).push(rest)
    else if (what === 'chain') {
      if (verb === 'add') this.#chains.set(name, this.#chains.get(name) ?? [])
      else if (verb === 'flush') this.#chain(name).length = 0
      else this.#deleteChain(name)
    } else if (verb === 'add') this.#containers.set(name, this.#containers.get(name) ?? new Map())
    else if (verb === 'flush') this.#container(name).clear()
    else this.#deleteContainer(name)
  }

  #element(verb: string, container: Map<string, string>, text: string): void {
    for (const element of text.replace(/^\{ | \}$/g, '').split(', ')) {
      const [key = '', value = ''] = element.split(' : ')
      if (verb === 'delete') {
        if (!container.delete(key)) throw new Error(`no element ${key}`)
        continue
      }
      const chain = /^(?:jump|goto) (.*)$/.exec(value)?.[1]
      if (chain !== undefined) this.#chain(chain)
      if (container.has(key)) throw new Error(`${key} is there`)
      container.set(key, value)
    }
  }

  #chain(name: string): string[] {
    const chain = this.#chains.get(name)
    if (chain === undefined) throw new Error(`no chain ${name}`)
    return chain
  }

  #container(name: string): Map<string, string> {
    const container = this.#containers.get(name)
    if (container === undefined) throw new Error(`no set ${name}`)
    return container
  }

  #deleteChain(name: string): void {
    const users = [...this.#containers.values()].flatMap((each) => [...each.values()])
    if (users.some((value) => value.endsWith(` ${name}`))) throw new Error(`${name} is in use`)
    this.#chains.delete(name)
  }

  #deleteContainer(name: string): void {
    const used = [...this.#chains.values()].flat().some((rule) => rule.endsWith(`@${name}`))
    if (used) throw new Error(`${name} is in use`)
    this.#containers.delete(name)
  }

  #walk(chain: string, packet: Packet): Verdict {
    for (const rule of this.#chain(chain)) {
      const verdict = this.#rule(rule, packet)
      if (verdict === 'return') return 'return'
      if (verdict === 'accept' || verdict === 'drop') return verdict
      const [how, target = ''] = (verdict ?? '').split(' ')
      if (verdict === undefined) continue
      const inner = this.#walk(target, packet)
      if (inner !== 'return' || how === 'goto') return inner
    }
    return 'return'
  }

  /** undefined: on to the next. */
  #rule(rule: string, packet: Packet): string | undefined {
    if (rule.startsWith('ct ')) return undefined
    if (rule.startsWith('counter drop')) return 'drop'
    const own = /^(ip6?) saddr \. \1 daddr @(\S+) accept$/.exec(rule)
    if (own !== null)
      return this.#lookUp(own[2] ?? '', packet, packet.from.value === packet.to.value) && 'accept'
    const map = /^(ip6?) (saddr|daddr) vmap @(\S+)$/.exec(rule)
    if (map !== null) {
      const [, ip, side, name = ''] = map
      const address = side === 'saddr' ? packet.from : packet.to
      return (ip === 'ip6') === (address.family === 6) ? this.#find(name, address) : undefined
    }
    const pair = /^(ip6?) saddr \. \1 daddr vmap @(\S+)$/.exec(rule)
    if (pair !== null) {
      const key = `${formatIp(packet.from)} . ${formatIp(packet.to)}`
      return this.#container(pair[2] ?? '').get(key)
    }
    if (rule === 'meta l4proto != { tcp, udp, sctp } return')
      return ['tcp', 'udp', 'sctp'].includes(packet.protocol) ? undefined : 'return'
    const every = /^meta l4proto (\S+) return$/.exec(rule)
    if (every !== null) return every[1] === packet.protocol ? 'return' : undefined
    const ports = /^(\S+) dport \{ (.*) \} return$/.exec(rule)
    if (ports === null) throw new Error(`an unknown rule: ${rule}`)
    const hit = (ports[2] ?? '').split(', ').some((range) => within(range, BigInt(packet.port)))
    return ports[1] === packet.protocol && hit ? 'return' : undefined
  }

  #lookUp(name: string, { from }: Packet, same: boolean): string | undefined {
    if (!same) return undefined
    return [...this.#container(name).keys()].some((key) => within(key.split(' ')[0] ?? '', from.value))
      ? 'found'
      : undefined
  }

  #find(name: string, address: IpAddress): string | undefined {
    const hits = [...this.#container(name)].filter(([key]) => within(key, address.value))
    if (hits.length > 1) throw new Error(`${name} has overlapping elements`)
    return hits[0]?.[1]
  }
}
