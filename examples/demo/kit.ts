import { readFileSync } from 'node:fs'
import { type Client, type KubernetesObject, kinds } from 'timonel'
import { parseAllDocuments } from 'yaml'

const colour = (code: number, text: string): string =>
  process.stdout.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text

/** Runs one step of the demo and prints what came of it, with its time. */
export async function show<T>(
  what: string,
  work: () => Promise<T>,
  outcome: (result: T) => string = () => '',
): Promise<T> {
  const startMs = performance.now()
  try {
    const result = await work()
    const took = Math.round(performance.now() - startMs)
    console.log(`${colour(32, '✓')} ${what} ${colour(2, `${outcome(result)} (${took} ms)`.trim())}`)
    return result
  } catch (error) {
    console.log(`${colour(31, '✗')} ${what}: ${error instanceof Error ? error.message : String(error)}`)
    throw error
  }
}

/** Asks until `ask` gives something, for a minute at most. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const endMs = performance.now() + 60_000
  for (;;) {
    const found = await ask()
    if (found !== undefined && found !== false) return found
    if (performance.now() > endMs) throw new Error(`after a minute: ${what} did not happen`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * Fails at the first Ctrl-C or request to end, so that whoever waits for it can put away what was started; a second one
 * ends the process at once.
 */
export function interruption(): Promise<never> {
  const interrupted = new Promise<never>((_resolve, reject) => {
    let asked = false
    const onSignal = (): void => {
      if (asked) process.exit(130)
      asked = true
      reject(new Error('interrupted'))
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
  // It may come before anybody waits.
  interrupted.catch(() => {})
  return interrupted
}

/** Server-side apply of every document of a YAML file. */
export async function applyFile(client: Client, file: URL, namespace: string): Promise<readonly string[]> {
  const names: string[] = []
  for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
    const object = document.toJS() as KubernetesObject
    const kind = kinds.find(
      (each) =>
        each.kind === object.kind &&
        [each.group, each.version].filter(Boolean).join('/') === object.apiVersion,
    )
    if (kind === undefined) throw new Error(`${object.apiVersion} ${object.kind} is not served`)
    const placed = { ...object, metadata: { namespace, ...object.metadata } }
    await client.resource(kind).apply(placed, { fieldManager: 'demo', force: true })
    names.push(`${kind.singular}/${object.metadata?.name}`)
  }
  return names
}
