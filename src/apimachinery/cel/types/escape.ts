const reserved: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return ' +
    'var void while'
  ).split(' '),
)

export const isReserved = (name: string): boolean => reserved.has(name)

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}
const originals: ReadonlyMap<string, string> = new Map(
  Object.entries(escapes).map(([original, escaped]) => [escaped.slice(2, -2), original]),
)

const plain = /^[A-Za-z_][A-Za-z0-9_]*$/
const escapable = /^[A-Za-z_./-][A-Za-z0-9_./-]*$/

/**
 * A property's name as expressions write it (`name-space` → `name__dash__space`, `namespace` → `__namespace__`);
 * undefined if no expression can (KEP-2876, "Escaping").
 */
export function escapeName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`
  if (plain.test(name) && !name.includes('__')) return name
  if (!escapable.test(name)) return undefined
  return name.replace(/__|[-./]/g, (found) => escapes[found] ?? found)
}

/** The property that an expression's name means; undefined if it is no escape. */
export function unescapeName(escaped: string): string | undefined {
  if (!escaped.includes('__')) return escaped
  let ok = true
  const name = escaped.replace(/__[^_]+__/g, (found) => {
    const content = found.slice(2, -2)
    const original = originals.get(content)
    if (original !== undefined) return original
    if (!reserved.has(content) || found.length !== escaped.length) ok = false
    return content
  })
  return ok ? name : undefined
}
