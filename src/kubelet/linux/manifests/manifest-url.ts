import type { core } from '../../../api/generated/types/index.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { ManifestSource } from '../../static/pod-feed.ts'
import { readManifest } from '../../static/static-pod.ts'

export interface ManifestUrlOptions {
  readonly host: Host
  readonly logger: Logger
  readonly nodeName: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly everyMs: number
}

/** Upstream's limits. */
const maxBytes = 10 * 1024 * 1024
const timeoutMs = 10_000
const loggedFailures = 3

/** At most so much of a body. */
async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes came`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Static pods from a URL (`staticPodURL`): one pod or a list of them. What was read last counts while it does not answer. */
export const manifestUrl = (options: ManifestUrlOptions): ManifestSource => ({
  start: (take) => {
    const { host, logger, nodeName, url, headers, everyMs } = options
    const abort = new AbortController()
    let [text, failures] = ['', 0]
    let timer: { cancel(): void } | undefined
    const read = async (): Promise<readonly core.v1.Pod[] | undefined> => {
      const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(timeoutMs)])
      const response = await fetch(url, { headers: headers.map(([name, value]) => [name, value]), signal })
      const now = await limitedText(response)
      if (response.status !== 200) throw new Error(`${url}: ${response.status} ${response.statusText}`)
      if (now === text && now !== '') return undefined
      if (now === '') {
        take([])
        throw new Error(`zero-length data received from ${url}`)
      }
      text = now
      return readManifest(now, { host, nodeName, source: 'http', path: url })
    }
    const look = async (): Promise<void> => {
      try {
        const pods = await read()
        failures = 0
        if (pods !== undefined && !abort.signal.aborted) take(pods)
      } catch (error) {
        if (abort.signal.aborted) return
        // It is asked often, and may not be there for long.
        if (failures++ < loggedFailures)
          logger.warn('static pods could not be read', { url, error: messageOf(error) })
      }
      if (!abort.signal.aborted) timer = host.schedule(everyMs, () => void look())
    }
    void look()
    return () => {
      abort.abort()
      timer?.cancel()
    }
  },
})
