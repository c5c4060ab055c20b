import { evaluate } from './evaluate.ts'
import { JsonPathError, type Path } from './nodes.ts'
import { parsePath } from './parse.ts'

export { JsonPathError }

/** A JSONPath as Kubernetes has it (client-go/util/jsonpath), for paths that begin with a dot: `.spec.items[?(@.a=="b")].c`. */
export class JsonPath {
  readonly #path: Path

  /** Throws JsonPathError. */
  constructor(text: string) {
    this.#path = parsePath(text)
  }

  /** Missing fields give nothing; throws JsonPathError for values that the path does not fit. */
  find(value: unknown): readonly unknown[] {
    return evaluate(this.#path, [value])
  }
}

/** A value as a template prints it. */
export function printed(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
