type UndefinedKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T]

/** `T` where properties that may be undefined become optional ones that may not. */
export type Defined<T> = { [K in Exclude<keyof T, UndefinedKeys<T>>]: T[K] } & {
  [K in UndefinedKeys<T>]?: Exclude<T[K], undefined>
}

/** A shallow copy without the properties that are undefined, as JSON would drop them. */
export function defined<T extends object>(object: T): Defined<T> {
  const copy: Record<string, unknown> = {}
  for (const key in object) if (object[key] !== undefined) copy[key] = object[key]
  return copy as Defined<T>
}
