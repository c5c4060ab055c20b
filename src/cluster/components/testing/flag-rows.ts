import { expect, test } from 'vitest'
import { FlagError, type FlagSet, parseFlags } from '../flags/parse-flags.ts'

/**
 * What a flag does: a value that is not its default, where it is found in what the flags come to (names with dots between
 * them), and as what; then flags without which it means nothing.
 */
export type FlagRow = readonly [value: string, place: string, found: unknown, ...beside: readonly string[]]

const memberOf = (value: unknown, name: string): unknown => {
  if (value instanceof Map) return value.get(name)
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** `a.b.0` of a value. */
const at = (value: unknown, place: string): unknown =>
  place === '' ? value : place.split('.').reduce(memberOf, value)

export interface FlagTable<S extends FlagSet> {
  readonly program: string
  readonly flags: S
  /** What all command lines have. */
  readonly always?: readonly string[]
  /** What the command line comes to; throws FlagError. */
  readonly comesTo: (args: readonly string[]) => unknown
  readonly rows: Readonly<Partial<Record<keyof S & string, FlagRow>>>
  /** Those that reach nothing, as they have one value only or as upstream takes and ignores them, or that others show. */
  readonly others: readonly (keyof S & string)[]
  /** Command lines and what is said of them. */
  readonly refused: readonly (readonly [args: string, words: string])[]
}

/** Tests of a component's flags: each is in the table, reaches what it governs, or is refused as upstream does. */
export function testFlags<S extends FlagSet>(table: FlagTable<S>): void {
  const { program, flags, always = [], comesTo, rows, others, refused } = table
  const rowsOf = Object.entries<FlagRow | undefined>(rows).flatMap(([name, row]) =>
    row === undefined ? [] : [[name, row] as const],
  )

  test(`${program}: every flag is in the table`, () => {
    expect([...rowsOf.map(([name]) => name), ...others].sort()).toEqual(Object.keys(flags).sort())
  })

  test.each(rowsOf)(`${program} --%s reaches what it governs`, (name, [value, place, found, ...beside]) => {
    const without = (): unknown => at(comesTo([...always, ...beside]), place)
    // A certificate without its key says nothing.
    let before: unknown
    try {
      before = without()
    } catch {
      before = undefined
    }
    expect(before).not.toEqual(found)
    expect(at(comesTo([...always, ...beside, `--${name}=${value}`]), place)).toEqual(found)
  })

  test.each(refused)(`${program} %s is refused`, (args, words) => {
    expect(() => comesTo([...always, ...args.split(' ')])).toThrow(new FlagError(words))
  })

  test(`${program} refuses a flag that is not there by its name`, () => {
    expect(() => parseFlags(program, flags, ['--no-such-flag=1'])).toThrow('unknown flag: --no-such-flag')
  })
}
