import { isAbsolute } from 'node:path'

/** A runtime that pods name by the handler of their RuntimeClass. */
export interface RuntimeHandler {
  readonly name: string
  /** Its tables in containerd's configuration. */
  readonly tables: string
  /** The program that containerd starts for each pod: a path, or a name to be found on the `PATH`. */
  readonly shim: string
}

/** Those that every node has. */
const taken: readonly string[] = ['runc', 'wasm']

const header =
  /^\[plugins\.(?:"io\.containerd\.grpc\.v1\.cri"|'io\.containerd\.grpc\.v1\.cri')\.containerd\.runtimes\.(?:"([^"]+)"|'([^']+)'|([\w-]+))(?:\.options)?\]$/
const form = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.NAME]'

const settingOf = (lines: readonly string[], key: string): string | undefined =>
  lines
    .map((line) => new RegExp(`^\\s*${key}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(line))
    .map((found) => found?.[1] ?? found?.[2])
    .find((value) => value !== undefined)

/** `io.containerd.runsc.v1` is served by `containerd-shim-runsc-v1`, by containerd's own rule. */
function shimOf(file: string, name: string, lines: readonly string[]): string {
  const path = settingOf(lines, 'runtime_path')
  if (path !== undefined && path !== '') return path
  const type = settingOf(lines, 'runtime_type') ?? ''
  const [version, runtime] = type.split('.').reverse()
  if (isAbsolute(type)) return type
  if (version === undefined || runtime === undefined)
    throw new Error(`${file}: runtime "${name}" needs a runtime_type like "io.containerd.${name}.v1"`)
  return `containerd-shim-${runtime}-${version}`
}

/**
 * The runtimes of a drop-in in the form in which gVisor and Kata Containers document theirs: tables of containerd's
 * configuration, version 2, of runtimes alone. Throws what is wrong, and where.
 */
export function parseRuntimeHandlers(file: string, text: string): readonly RuntimeHandler[] {
  const tables = new Map<string, string[]>()
  let current: string[] | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const bare = line.trim()
    const fail = (why: string): never => {
      throw new Error(`${file}:${index + 1}: ${why}`)
    }
    if (bare.startsWith('[')) {
      const found = header.exec(bare.replace(/\s*#.*$/, ''))
      const name = found?.[1] ?? found?.[2] ?? found?.[3]
      if (name === undefined) return fail(`${bare} is none of ${form} and its options`)
      if (taken.includes(name)) fail(`the runtime "${name}" is the node's own`)
      current = tables.get(name) ?? []
      tables.set(name, current)
    } else if (current === undefined && bare !== '' && !bare.startsWith('#')) {
      if (!/^version\s*=\s*2$/.test(bare)) fail(`${bare} stands before ${form}`)
      continue
    }
    current?.push(line)
  }
  return [...tables].map(([name, lines]) => ({
    name,
    tables: `${lines.join('\n').trim()}\n`,
    shim: shimOf(file, name, lines),
  }))
}
