import type { JsonValue } from '../meta.ts'

/** Identifies an item of a list: itself where it is a scalar, its merge key's value where it is a map. */
export type Identify = (item: JsonValue) => JsonValue | undefined

function firstPlaces(list: readonly JsonValue[], identify: Identify): Map<JsonValue | undefined, number> {
  const places = new Map<JsonValue | undefined, number>()
  list.forEach((item, index) => {
    const id = identify(item)
    if (!places.has(id)) places.set(id, index)
  })
  return places
}

function sortBy(
  items: readonly JsonValue[],
  places: ReadonlyMap<JsonValue | undefined, number>,
  identify: Identify,
): JsonValue[] {
  const place = (item: JsonValue): number => places.get(identify(item)) ?? Number.MAX_SAFE_INTEGER
  return [...items].sort((a, b) => place(a) - place(b))
}

/**
 * Puts merged items into the order that a strategic merge patch asks for: those named in `wanted` in its order,
 * the others (the server's own) where `server` had them before the next named one.
 */
export function orderItems(
  merged: readonly JsonValue[],
  wanted: readonly JsonValue[],
  server: readonly JsonValue[],
  identify: Identify,
): readonly JsonValue[] {
  const wantedPlaces = firstPlaces(wanted, identify)
  const serverPlaces = firstPlaces(server, identify)
  const named = sortBy(
    merged.filter((item) => wantedPlaces.has(identify(item))),
    wantedPlaces,
    identify,
  )
  const others = sortBy(
    merged.filter((item) => !wantedPlaces.has(identify(item))),
    serverPlaces,
    identify,
  )
  const ordered: JsonValue[] = []
  let next = 0
  for (const item of named) {
    const place = serverPlaces.get(identify(item))
    while (next < others.length) {
      const other = others[next]
      const otherPlace = other === undefined ? undefined : serverPlaces.get(identify(other))
      if (other === undefined || place === undefined || otherPlace === undefined || otherPlace >= place) break
      ordered.push(other)
      next++
    }
    ordered.push(item)
  }
  return [...ordered, ...others.slice(next)]
}
