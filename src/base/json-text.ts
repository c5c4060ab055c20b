declare global {
  interface JSON {
    /** A value that is written as this text (ECMAScript proposal, in V8). */
    rawJSON(text: string): object
  }
}

const exactly = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value

/** JSON of a value that may hold integers beyond 2^53 as bigints; plain values cost nothing more. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, exactly)
  }
}
