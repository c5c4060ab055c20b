type UndefinedKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T]

/** `T` where properties that may be undefined become optional ones that may not. */
export type Defined<T> = { [K in Exclude<keyof T, UndefinedKeys<T>>]: T[K] } & {
  [K in UndefinedKeys<T>]?: Exclude<T[K], undefined>
}

/** A shallow copy without the properties that are undefined, as JSON would drop them. */
export function defined<T extends object>(object: T): Defined<T> {
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) if (value !== undefined) copy[key] = value
  return copy as Defined<T>
}
