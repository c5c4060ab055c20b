import { Connection, type Credentials } from './connection.ts'

/** Several connections that a load is spread over, as several clients would. */
export class Sessions {
  readonly #connections: readonly [Connection, ...Connection[]]

  private constructor(connections: readonly [Connection, ...Connection[]]) {
    this.#connections = connections
  }

  static async open(credentials: Credentials, count: number): Promise<Sessions> {
    const first = await Connection.open(credentials)
    const others = Array.from({ length: count - 1 }, () => Connection.open(credentials))
    return new Sessions([first, ...(await Promise.all(others))])
  }

  at(index: number): Connection {
    return this.#connections[index % this.#connections.length] ?? this.#connections[0]
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }
}
