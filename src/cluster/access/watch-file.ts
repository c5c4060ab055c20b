import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** For file systems that tell nothing, upstream's. */
const pollMs = 60_000
/** One change comes as several events. */
const settleMs = 20

/**
 * Calls back when a file may have changed: written, or put in its place under its name, as by a mounted volume's
 * links. Returns what stops it. Nothing of it keeps the process alive.
 */
export function watchFile(file: string, changed: () => void): () => void {
  let settling: NodeJS.Timeout | undefined
  const soon = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined
      changed()
    }, settleMs).unref()
  }
  const poll = setInterval(changed, pollMs).unref()
  const name = basename(file)
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(dirname(file), { persistent: false }, (_event, affected) => {
      // A volume's update moves the link `..data`, not the file.
      if (affected === null || affected === name || affected.startsWith('..')) soon()
    })
    watcher.on('error', () => watcher?.close())
  } catch {
    // The poll is there.
  }
  return () => {
    watcher?.close()
    clearInterval(poll)
    clearTimeout(settling)
  }
}
