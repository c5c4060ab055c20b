import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** For file systems that tell nothing, upstream's. */
const pollMs = 60_000
/** One change comes as several events. */
const settleMs = 20

/** Calls back when something with a name that `counts` may have changed in a folder. Returns what stops it. */
function watchNames(folder: string, counts: (name: string) => boolean, changed: () => void): () => void {
  let settling: NodeJS.Timeout | undefined
  const soon = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined
      changed()
    }, settleMs).unref()
  }
  const poll = setInterval(changed, pollMs).unref()
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(folder, { persistent: false }, (_event, affected) => {
      if (affected === null || counts(affected)) soon()
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

/**
 * Calls back when a file may have changed: written, or put in its place under its name, as by a mounted volume's
 * links. Returns what stops it. Nothing of it keeps the process alive.
 */
export function watchFile(file: string, changed: () => void): () => void {
  const name = basename(file)
  // A volume's update moves the link `..data`, not the file.
  return watchNames(dirname(file), (affected) => affected === name || affected.startsWith('..'), changed)
}

/** As `watchFile` for all that is in a folder, but for what is in folders there. */
export const watchFolder = (folder: string, changed: () => void): (() => void) =>
  watchNames(folder, () => true, changed)
