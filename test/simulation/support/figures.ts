/** What a replay measured, told when it ends. */
export class Figures {
  readonly #title: string
  readonly #lines: string[] = []

  constructor(title: string) {
    this.#title = title
  }

  note(what: string, value: number | string): void {
    this.#lines.push(`  ${what}: ${typeof value === 'number' ? `${value} s` : value}`)
  }

  print(): void {
    console.log([this.#title, ...this.#lines].join('\n'))
  }
}
