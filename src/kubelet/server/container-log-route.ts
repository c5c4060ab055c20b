import type { Host } from '../../base/host.ts'
import type { KubeletApi } from '../kubelet-api.ts'
import { parseLogOptions } from '../logs/parse-log-options.ts'
import type { KubeletRoute } from './kubelet-route.ts'

/** A container's log, as long as somebody reads it. */
export const containerLogRoute = (api: KubeletApi, host: Host): KubeletRoute => ({
  path: 'containerLogs',
  below: 'only',
  handle: async ({ response, rest, query }) => {
    const [namespace = '', pod = '', container = ''] = rest
    const options = parseLogOptions(query, host.now())
    const abort = new AbortController()
    response.on('close', () => abort.abort())
    const begin = (): void => {
      if (response.headersSent) return
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      response.flushHeaders()
    }
    const write = (data: Uint8Array): void | Promise<void> => {
      begin()
      if (response.write(data) || response.destroyed) return
      return new Promise((resolve) => {
        response.once('drain', resolve)
        response.once('close', resolve)
      })
    }
    await api.containerLogs({ namespace, pod, container }, options, write, abort.signal, begin)
    begin()
    response.end()
  },
})
