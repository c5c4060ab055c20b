import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTypeName } from './facts.ts'

/** `<group>.<version>.<Type>` → field → the values that upstream's documents name, in their order. */
const enums: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'enums.json'), 'utf8'),
)

/** The values that a field, its items or its members may have, as far as documents say so. */
export function enumOf(type: string, field: string): readonly string[] | undefined {
  const { group, version, name } = parseTypeName(type)
  return enums[`${group}.${version}.${name}`]?.[field]
}
