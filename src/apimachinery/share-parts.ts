type Fields = Readonly<Record<string, unknown>>

/**
 * The same JSON value as `value`, made of the parts of `known` wherever these say the same, be it in another order:
 * what many objects have in common is in memory once. Neither is changed; both have to stay as they are.
 */
export function shareParts<T>(value: T, known: unknown): T
export function shareParts(value: unknown, known: unknown): unknown {
  if (value === known) return known
  if (typeof value !== 'object' || typeof known !== 'object' || value === null || known === null) return value
  if (Array.isArray(value)) return Array.isArray(known) ? shareItems(value, known) : value
  return Array.isArray(known) ? value : shareMembers(value as Fields, known as Fields)
}

function shareItems(value: readonly unknown[], known: readonly unknown[]): readonly unknown[] {
  let same = value.length === known.length
  let copy: unknown[] | undefined
  for (let index = 0; index < value.length; index++) {
    const item = value[index]
    const shared = shareParts(item, known[index])
    if (shared !== known[index]) same = false
    if (shared === item) continue
    copy ??= [...value]
    copy[index] = shared
  }
  return same ? known : (copy ?? value)
}

function shareMembers(value: Fields, known: Fields): Fields {
  let same = true
  let surplus = 0
  let copy: Record<string, unknown> | undefined
  for (const key in value) {
    surplus++
    const member = value[key]
    const knownMember = known[key]
    // Not asked with hasOwn, which is most of the cost: of what every object has, only this could be taken for a value.
    if (knownMember === undefined || knownMember === Object.prototype) {
      same = false
      continue
    }
    const shared = shareParts(member, knownMember)
    if (shared !== knownMember) same = false
    if (shared === member) continue
    copy ??= { ...value }
    copy[key] = shared
  }
  if (same) for (const _key in known) surplus--
  return same && surplus === 0 ? known : (copy ?? value)
}
