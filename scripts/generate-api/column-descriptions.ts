import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { banner, quote } from './facts.ts'

/** What upstream says of each printer column, but of names and ages, which all kinds share. */
export function generateColumnDescriptions(): Map<string, string> {
  const kinds: Readonly<Record<string, unknown>> = JSON.parse(
    readFileSync(join(import.meta.dirname, 'column-descriptions.json'), 'utf8'),
  )
  const lines = Object.entries(kinds).map(
    ([kind, columns]) => `  ${quote(kind)}: ${quote(JSON.stringify(columns))},\n`,
  )
  const text = `${banner}
/** \`<group>/<Kind>\` → JSON: name of a printer column → what it shows. */
export const columnDescriptions: Readonly<Record<string, string>> = {
${lines.join('')}}
`
  return new Map([['column-descriptions.ts', text]])
}
