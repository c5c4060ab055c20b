import type { Transport } from '../../apimachinery/transport.ts'
import type { Host } from '../../base/host.ts'
import { sleep } from '../../base/sleep.ts'

/** Upstream's, before the server says where `kubernetes.default` leads. */
const intervalMs = 100

/**
 * Asks the server itself whether it is ready until it is, as upstream does at every start: so `/metrics/slis` says how
 * its checks went before anybody else has asked. Returns what ends that.
 */
export function askUntilReady(host: Host, transport: Transport): () => void {
  const ended = new AbortController()
  const ask = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        await transport.request({ method: 'GET', path: '/readyz' })
        return
      } catch {
        await sleep(host, intervalMs, ended.signal)
      }
    }
  }
  void ask()
  return () => ended.abort()
}
