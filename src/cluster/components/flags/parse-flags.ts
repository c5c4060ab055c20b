import { messageOf } from '../../../base/message-of.ts'
import type { Flag } from './flag-types.ts'

export type FlagSet = Readonly<Record<string, Flag<unknown>>>

export type FlagValues<S extends FlagSet> = {
  readonly [K in keyof S]: S[K] extends Flag<infer T> ? T : never
}

export class FlagError extends Error {
  override readonly name = 'FlagError'
}

export type ParsedFlags<S extends FlagSet> =
  | { readonly type: 'help' | 'version' }
  | {
      readonly type: 'run'
      readonly values: FlagValues<S>
      /** Those that were set. */
      readonly given: ReadonlySet<string>
    }

/** Upstream takes `--etcd_servers`, too. */
const normalized = (name: string): string => name.replaceAll('_', '-')

/**
 * Reads a component's command line as upstream's (`pflag`): `--name=value` and `--name value`, booleans also without
 * a value. `program` names the component in errors. Throws FlagError, also for a flag that is not there.
 */
export function parseFlags<S extends FlagSet>(
  program: string,
  flags: S,
  args: readonly string[],
): ParsedFlags<S> {
  const values = new Map<string, unknown>()
  const given = new Set<string>()
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '-h' || arg === '--help') return { type: 'help' }
    if (arg === '--version' || arg === '--version=true') return { type: 'version' }
    if (!arg.startsWith('-') || arg === '-') {
      throw new FlagError(
        `${JSON.stringify(program)} does not take any arguments, got ${JSON.stringify([arg, ...rest])}`,
      )
    }
    // -v=4 is the only short one that components have.
    const long = arg.replace(/^-v(?=$|=|\d)(=?)/, '--v=').replace(/^--v=$/, '--v')
    if (!long.startsWith('--')) throw new FlagError(`unknown shorthand flag: '${arg[1]}' in ${arg}`)
    const [, raw = '', assigned] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(long) ?? []
    const name = normalized(raw)
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
    if (flag === undefined) throw new FlagError(`unknown flag: --${raw}`)
    const value = assigned ?? (flag.type === '' ? 'true' : rest.shift())
    if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`)
    values.set(name, parse(name, flag, value, values.get(name)))
    given.add(name)
  }
  const all = Object.entries(flags).map(([name, flag]) => [
    name,
    given.has(name) ? values.get(name) : flag.fallback,
  ])
  return { type: 'run', values: Object.fromEntries(all) as FlagValues<S>, given }
}

function parse(name: string, flag: Flag<unknown>, value: string, before: unknown): unknown {
  try {
    return flag.parse(value, before)
  } catch (error) {
    if (error instanceof FlagError) throw error
    const why = messageOf(error)
    throw new FlagError(`invalid argument ${JSON.stringify(value)} for "--${name}" flag: ${why}`)
  }
}

/** All flags with their values, as Go prints them. */
export function flagTexts<S extends FlagSet>(
  flags: S,
  values: FlagValues<S>,
): Readonly<Record<string, string>> {
  const texts = Object.entries(flags).map(([name, flag]) => [name, flag.text(values[name])])
  return Object.fromEntries(texts)
}

/** All flags, one a line, as upstream's help has them. */
export function flagHelp(program: string, flags: FlagSet): string {
  const lines = Object.entries(flags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { type, usage }]) => {
      const head = `      --${name}${type === '' ? '' : ` ${type}`}`
      return `${head.padEnd(56)} ${usage}`
    })
  return `Usage:\n  ${program} [flags]\n\nFlags:\n${lines.join('\n')}\n`
}
