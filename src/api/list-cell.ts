const maxShown = 3

/** A cell of many values: the first three and how many more there are. */
export function listCell(values: readonly string[], empty: string): string {
  if (values.length === 0) return empty
  const shown = values.slice(0, maxShown).join(',')
  return values.length > maxShown ? `${shown} + ${values.length - maxShown} more...` : shown
}
