const defaultTimeoutMs = 30_000
const pauseMs = 50

/** Asks until `ask` gives something other than undefined or false; an error of its last try is told. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = defaultTimeoutMs,
): Promise<T> {
  const endMs = performance.now() + timeoutMs
  let failure: unknown
  for (;;) {
    try {
      const found = await ask()
      if (found !== undefined && found !== false) return found
      failure = undefined
    } catch (error) {
      failure = error
    }
    if (performance.now() > endMs) {
      throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: failure })
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
