import { messageOf } from '../../base/message-of.ts'

/** An attempt that ended because a plugin threw: `running PreFilter plugin "NodeAffinity": …`. */
export class PluginError extends Error {
  override name = 'PluginError'
}

/** Runs a plugin's part; what it throws names it, in upstream's words for the point. */
export function inPlugin<T>(words: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new PluginError(`${words}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
