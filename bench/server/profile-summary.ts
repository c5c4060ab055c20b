import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(import.meta.dirname, '../..')

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: CallFrame
  readonly children?: readonly number[]
}

interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The bundler writes beside each file where its code came from. */
class SourceNames {
  readonly #maps = new Map<string, SourceMap | undefined>()

  of({ functionName, url, lineNumber, columnNumber }: CallFrame): string {
    return `${functionName || '(anonymous)'} ${this.#place(url, lineNumber, columnNumber)}`.trim()
  }

  #place(url: string, lineNumber: number, columnNumber: number): string {
    if (!url.startsWith('file:')) return url
    const entry = this.#mapOf(url)?.findEntry(lineNumber, columnNumber)
    const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : undefined
    return source?.replace(/^(\.\.\/)*/, '') ?? `${relative(root, fileURLToPath(url))}:${lineNumber + 1}`
  }

  #mapOf(url: string): SourceMap | undefined {
    if (!this.#maps.has(url)) {
      const file = `${fileURLToPath(url)}.map`
      this.#maps.set(
        url,
        existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : undefined,
      )
    }
    return this.#maps.get(url)
  }
}

/** Waiting, and the profiler's own beginning and end. */
const isNoWork = ({ functionName, url }: CallFrame): boolean =>
  functionName === '(idle)' || url === 'node:inspector' || url.endsWith('/probe.mjs')

/** Where the processor time of a profile went: shares of all that was worked, in percent. */
export interface Shares {
  /** In the function itself. */
  readonly self: readonly string[]
  /** With everything that it calls; only functions of this project. */
  readonly withCallees: readonly string[]
}

/** The functions of a .cpuprofile in which most time went by. */
export function heaviestFunctions(file: string, count: number): Shares {
  const profile: Profile = JSON.parse(readFileSync(file, 'utf8'))
  const source = new SourceNames()
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  )
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, source.of(callFrame)]))
  const own = new Map<number, number>()
  let busy = 0
  for (const [index, id] of profile.samples.entries()) {
    const node = nodes.get(id)
    if (node === undefined || isNoWork(node.callFrame)) continue
    const micros = profile.timeDeltas[index] ?? 0
    own.set(id, (own.get(id) ?? 0) + micros)
    busy += micros
  }
  const self = new Map<string, number>()
  const withCallees = new Map<string, number>()
  const add = (to: Map<string, number>, name: string, micros: number): void => {
    to.set(name, (to.get(name) ?? 0) + micros)
  }
  for (const [id, micros] of own) {
    add(self, names.get(id) ?? '', micros)
    const callers = new Set<string>()
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at))
      callers.add(names.get(at) ?? '')
    for (const name of callers) if (name.includes(' src/')) add(withCallees, name, micros)
  }
  const heaviest = (shares: ReadonlyMap<string, number>): readonly string[] =>
    [...shares]
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([name, micros]) => `${((100 * micros) / busy).toFixed(1).padStart(5)} %  ${name}`)
  return { self: heaviest(self), withCallees: heaviest(withCallees) }
}
