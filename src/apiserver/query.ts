const nothing: readonly string[] = []

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** Query parameters; a name may come several times. */
export class Query {
  static readonly empty: Query = new Query(new Map(), '')
  readonly #values: ReadonlyMap<string, readonly string[]>
  readonly #text: string | undefined

  private constructor(values: ReadonlyMap<string, readonly string[]>, text?: string) {
    this.#values = values
    this.#text = text
  }

  /** From the text behind the `?`. */
  static parse(text: string): Query {
    if (text === '') return Query.empty
    const values = new Map<string, string[]>()
    for (const pair of text.split('&')) {
      if (pair === '') continue
      const at = pair.indexOf('=')
      const name = decode(at < 0 ? pair : pair.slice(0, at))
      const value = at < 0 ? '' : decode(pair.slice(at + 1))
      const known = values.get(name)
      if (known === undefined) values.set(name, [value])
      else known.push(value)
    }
    return new Query(values, text)
  }

  static of(record: Readonly<Record<string, string>> | undefined): Query {
    if (record === undefined) return Query.empty
    const values = new Map<string, readonly string[]>()
    for (const name of Object.keys(record)) {
      const value = record[name]
      if (value !== undefined) values.set(name, [value])
    }
    return values.size === 0 ? Query.empty : new Query(values)
  }

  /** What a URL has behind its `?`: as it came, so that `?a` does not become `?a=` on its way to somebody else. */
  get text(): string {
    if (this.#text !== undefined) return this.#text
    const pairs = [...this.#values].flatMap(([name, all]) => all.map((value) => [name, value] as const))
    return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  }

  get isEmpty(): boolean {
    return this.#values.size === 0
  }

  /** The first value, '' for a name without one; undefined for a name that is absent. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? nothing
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }
}
