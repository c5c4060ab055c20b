/** The list with every item changed; the same list if no item was. */
export function mapSame<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  let changed: T[] | undefined
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    if (item === undefined) continue
    const next = change(item)
    if (next === item) continue
    changed ??= [...list]
    changed[index] = next
  }
  return changed ?? list
}

/** The object with the properties that it lacks; itself if it lacks none. An empty text counts as absent, as it does in Go. */
export function fill<T extends object>(object: T, defaults: Partial<T>): T {
  let filled: T | undefined
  for (const key in defaults) {
    const value: unknown = object[key]
    const wanted = defaults[key]
    if (wanted === undefined || (value !== undefined && value !== '')) continue
    filled ??= { ...object }
    filled[key] = wanted
  }
  return filled ?? object
}

/** As `fill`, for properties that are pointers in Go: an empty text is a value there, which validation judges. */
export function fillUnset<T extends object>(object: T, defaults: Partial<T>): T {
  let filled: T | undefined
  for (const key in defaults) {
    const wanted = defaults[key]
    if (wanted === undefined || object[key] !== undefined) continue
    filled ??= { ...object }
    filled[key] = wanted
  }
  return filled ?? object
}

/** The object with one property changed; itself if it has that value. */
export function set<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): T {
  return object[key] === value ? object : { ...object, [key]: value }
}

/** The properties that have a value; for objects that are put together from optional ones. */
export function present<T extends object>(
  properties: {
    readonly [K in keyof T]: T[K] | undefined
  },
): Partial<T> {
  const found: Partial<T> = {}
  for (const key in properties) {
    const value = properties[key]
    if (value !== undefined) found[key] = value
  }
  return found
}
