import { utf8Length } from '../../utf8-length.ts'
import { codePointLength } from '../values/text.ts'

/** Where in an expression, in code units; `nowhere` for what concerns the whole. */
export const nowhere = -1

interface Issue {
  readonly message: string
  /** From 1; the column from 0, in code points. */
  readonly line: number
  readonly column: number
}

const maxIssues = 100
const maxSnippetBytes = 16_384

/** What is wrong with an expression, in the words and the layout of upstream's messages. */
export class Issues {
  readonly #source: string
  readonly #issues: Issue[] = []
  #count = 0

  constructor(source: string) {
    this.#source = source
  }

  get count(): number {
    return this.#count
  }

  report(offset: number, message: string): void {
    this.#count++
    if (this.#count <= maxIssues) this.#issues.push({ message, ...this.#place(offset) })
  }

  #place(offset: number): { readonly line: number; readonly column: number } {
    if (offset === nowhere) return { line: -1, column: -1 }
    // cel-go knows no first character there.
    if (this.#source === '') return { line: 1, column: -1 }
    const before = this.#source.slice(0, offset)
    const start = before.lastIndexOf('\n') + 1
    return { line: before.split('\n').length, column: codePointLength(before.slice(start)) }
  }

  toString(): string {
    const lines = this.#source === '' ? [] : this.#source.split('\n')
    const texts = this.#issues
      .toSorted((a, b) => a.line - b.line || a.column - b.column)
      .map((issue) => display(issue, lines[issue.line - 1]))
    if (this.#count > maxIssues) texts.push(`${this.#count - maxIssues} more errors were truncated`)
    return texts.join('\n')
  }
}

/** The message, the line it is about, and a caret below; wide characters get wide dots. */
function display({ message, line, column }: Issue, snippet: string | undefined): string {
  const head = `ERROR: <input>:${line}:${column + 1}: ${message}`
  if (snippet === undefined || utf8Length(snippet) > maxSnippetBytes) return head
  const shown = snippet.replaceAll('\t', ' ')
  const characters = [...shown]
  const dots = characters.slice(0, column).map((character) => (isWide(character) ? '\uff0e' : '.'))
  const caret = isWide(characters[column] ?? '') ? '\uff3e' : '^'
  return `${head}\n | ${shown}\n | ${dots.join('')}${caret}`
}

const isWide = (character: string): boolean => (character.codePointAt(0) ?? 0) >= 0x80
