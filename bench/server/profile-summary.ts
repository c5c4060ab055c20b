import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The bundler names each source file in a comment above its code. */
class SourceNames {
  readonly #files = new Map<string, readonly string[]>()

  of(url: string, lineNumber: number): string {
    if (!url.startsWith('file:')) return url
    const lines = this.#linesOf(fileURLToPath(url))
    for (let index = Math.min(lineNumber, lines.length - 1); index >= 0; index--) {
      const found = /^\s*\/\/ ((?:src|node_modules)\/\S+)$/.exec(lines[index] ?? '')
      if (found?.[1] !== undefined) return found[1]
    }
    return `${basename(url)}:${lineNumber + 1}`
  }

  #linesOf(file: string): readonly string[] {
    const known = this.#files.get(file)
    if (known !== undefined) return known
    const lines = readFileSync(file, 'utf8').split('\n')
    this.#files.set(file, lines)
    return lines
  }
}

/** Waiting, and the profiler's own beginning and end. */
const isNoWork = ({ functionName, url }: CallFrame): boolean =>
  functionName === '(idle)' || url === 'node:inspector' || url.endsWith('/probe.mjs')

/** The functions of a .cpuprofile in which most processor time went by, with their share in percent. */
export function heaviestFunctions(file: string, count: number): readonly string[] {
  const profile: Profile = JSON.parse(readFileSync(file, 'utf8'))
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const names = new SourceNames()
  const selfMicros = new Map<string, number>()
  let busy = 0
  for (const [index, id] of profile.samples.entries()) {
    const frame = frames.get(id)
    if (frame === undefined || isNoWork(frame)) continue
    const micros = profile.timeDeltas[index] ?? 0
    const name = `${frame.functionName || '(anonymous)'} ${names.of(frame.url, frame.lineNumber)}`.trim()
    selfMicros.set(name, (selfMicros.get(name) ?? 0) + micros)
    busy += micros
  }
  return [...selfMicros]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, micros]) => `${((100 * micros) / busy).toFixed(1).padStart(5)} %  ${name}`)
}
