import { ProgramError, type RunProgram } from '../base/host/run-program.ts'
import { tableName } from './base-rules.ts'
import { isAffinitySet, isServiceChain } from './chain-names.ts'
import { familyWords, type IpFamily } from './ip-family.ts'
import type { ExistingNames } from './rule-state.ts'

/** Loading thousands of Services on a slow machine takes seconds. */
const transactionTimeoutMs = 60_000

interface ListedName {
  readonly table?: string
  readonly name?: string
}

/** The part of `nft -j list …` that matters here; everything in it may be missing. */
interface Listing {
  readonly nftables?: readonly { readonly chain?: ListedName; readonly set?: ListedName }[]
}

/** The kernel's side of one family's table, through the program `nft`. No other table is ever written to. */
export class NftTable {
  readonly #run: RunProgram
  readonly #ip: 'ip' | 'ip6'

  constructor(family: IpFamily, run: RunProgram) {
    this.#run = run
    this.#ip = familyWords[family].ip
  }

  /** All of the commands or none. */
  async apply(commands: readonly string[]): Promise<void> {
    await this.#run('nft', ['-f', '-'], {
      input: `${commands.join('\n')}\n`,
      timeoutMs: transactionTimeoutMs,
    })
  }

  /** What an earlier proxy left in the table; nothing where there is no table. */
  async existingNames(): Promise<ExistingNames> {
    const [chains, sets] = await Promise.all([this.#list('chains', 'chain'), this.#list('sets', 'set')])
    return { serviceChains: chains.filter(isServiceChain), affinitySets: sets.filter(isAffinitySet) }
  }

  /** What removes the table, also when there is none. */
  get removal(): readonly string[] {
    const table = `${this.#ip} ${tableName}`
    return [`add table ${table}`, `delete table ${table}`]
  }

  async remove(): Promise<void> {
    await this.apply(this.removal)
  }

  /** Whether the table still catches Services' traffic. */
  async isThere(): Promise<boolean> {
    try {
      await this.#run('nft', ['list', 'chain', this.#ip, tableName, 'nat-prerouting'])
      return true
    } catch (error) {
      if (error instanceof ProgramError && error.exitCode !== undefined) return false
      throw error
    }
  }

  async #list(what: 'chains' | 'sets', member: 'chain' | 'set'): Promise<readonly string[]> {
    const output = await this.#run('nft', ['-t', '-j', 'list', what, this.#ip])
    const listing: Listing = JSON.parse(output)
    return (listing.nftables ?? [])
      .map((entry) => entry[member])
      .filter((entry) => entry?.table === tableName)
      .map((entry) => entry?.name ?? '')
  }
}
