type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null

/** The bracket that opens what lies deeper than `levels` in a value, beside what it shares with `known`; undefined: nothing does. */
export function tooDeep(value: unknown, known: unknown, levels: number): '{' | '[' | undefined {
  if (value === known || !isMembers(value)) return undefined
  if (levels === 0) return Array.isArray(value) ? '[' : '{'
  const before = isMembers(known) ? known : undefined
  for (const key in value) {
    const found = tooDeep(value[key], before?.[key], levels - 1)
    if (found !== undefined) return found
  }
  return undefined
}
