import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { banner, quote } from './facts.ts'

/** How Go prints values of internal types, which messages show: `src/api/go-value.ts` tells of the form. */
export function generateGoStructs(): Map<string, string> {
  const structs: Readonly<Record<string, string>> = JSON.parse(
    readFileSync(join(import.meta.dirname, 'go-structs.json'), 'utf8'),
  )
  const text = `${banner}
/** JSON: \`<group>.<version>.<Type>\` → its fields, as \`src/api/go-value.ts\` reads them. */
export const goStructs =
  ${quote(JSON.stringify(structs))}
`
  return new Map([['go-structs.ts', text]])
}
