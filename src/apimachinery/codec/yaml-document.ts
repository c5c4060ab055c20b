import { Composer, type Document, LineCounter, Parser } from 'yaml'
import { DecodeError } from './decode-error.ts'
import { maxDepth } from './json-scan.ts'

const options = {
  schema: 'failsafe',
  uniqueKeys: false,
  keepSourceTokens: false,
  logLevel: 'silent',
} as const
const tooDeep = 'yaml: exceeded max depth'

/** The library composes nested nodes by recursion: what is too deep for its stack is refused before. */
class BoundedParser extends Parser {
  override *next(source: string): ReturnType<Parser['next']> {
    if (this.stack.length > maxDepth) throw new DecodeError(tooDeep)
    yield* super.next(source)
  }
}

/** What Go's parser says where this one puts it otherwise. */
const libraryWords: readonly (readonly [RegExp, string])[] = [
  [/^Nested mappings are not allowed/, 'mapping values are not allowed in this context'],
]

/** Throws the first of a document's errors: a text may have as many as it has characters. */
function checkErrors(errors: Document['errors'], lines: LineCounter): void {
  const [error] = errors
  if (error === undefined) return
  const [text = ''] = error.message.split('\n')
  const known = libraryWords.find(([pattern]) => pattern.test(text))?.[1]
  const said = known ?? `${text.charAt(0).toLowerCase()}${text.slice(1)}`
  const { line } = lines.linePos(Math.max(error.pos[0], 0))
  // Go's parser does not count the line on which a document begins.
  throw new DecodeError(line <= 1 ? `yaml: ${said}` : `yaml: line ${line}: ${said}`)
}

export interface FirstDocument {
  /** The root of the library's nodes. */
  readonly contents: unknown
  readonly lines: LineCounter
}

/** Reads a text's first document, and no further. Throws DecodeError. */
export function firstDocument(text: string): FirstDocument {
  const lines = new LineCounter()
  try {
    for (const document of new Composer(options).compose(new BoundedParser(lines.addNewLine).parse(text))) {
      checkErrors(document.errors, lines)
      return { contents: document.contents, lines }
    }
  } catch (error) {
    if (error instanceof RangeError) throw new DecodeError(tooDeep, { cause: error })
    throw error
  }
  return { contents: undefined, lines }
}
