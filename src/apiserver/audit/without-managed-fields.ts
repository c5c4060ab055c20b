type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function ofOne(value: unknown): unknown {
  if (!isFields(value)) return value
  const { metadata } = value
  if (!isFields(metadata) || metadata['managedFields'] === undefined) return value
  const { managedFields: _left, ...rest } = metadata
  return { ...value, metadata: rest }
}

/** An object, a list's items or a table's rows as they are but for who owns which field. */
export function withoutManagedFields(value: unknown): unknown {
  const bare = ofOne(value)
  if (!isFields(bare)) return bare
  const { items, rows } = bare
  if (Array.isArray(items)) return { ...bare, items: items.map(ofOne) }
  if (bare['kind'] !== 'Table' || !Array.isArray(rows)) return bare
  return {
    ...bare,
    rows: rows.map((row) => (isFields(row) ? { ...row, object: ofOne(row['object']) } : row)),
  }
}
