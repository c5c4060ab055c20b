import { semanticallyEqual } from './semantically-equal.ts'

const maxLines = 20

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))

function collect(old: unknown, next: unknown, path: string, lines: string[]): void {
  if (lines.length >= maxLines || semanticallyEqual(old, next)) return
  if (isMap(old) && isMap(next)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(next)]))
      collect(old[key], next[key], path === '' ? key : `${path}.${key}`, lines)
  } else if (Array.isArray(old) && Array.isArray(next) && old.length === next.length) {
    old.forEach((item, index) => {
      collect(item, next[index], `${path}[${index}]`, lines)
    })
  } else lines.push(`  ${path}: ${shown(old)} -> ${shown(next)}`)
}

/** What changed, for people: one line for each field, the first 20. */
export function describeDifference(old: unknown, next: unknown): string {
  const lines: string[] = []
  collect(old, next, '', lines)
  return lines.join('\n')
}
