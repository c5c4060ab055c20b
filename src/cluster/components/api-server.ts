import { createMetrics } from '../../base/host/metrics.ts'
import { realHost } from '../../base/host/real-host.ts'
import { serveApi } from '../control-plane/serve-api.ts'
import { apiServerFlags } from './api-server-flags.ts'
import { apiServerOptions, etcdPlace } from './api-server-options.ts'
import { flagTexts } from './flags/parse-flags.ts'
import type { Component } from './run-component.ts'

/** `kube-apiserver`: the API over an etcd. */
export const apiServer: Component<typeof apiServerFlags> = {
  program: 'kube-apiserver',
  flags: apiServerFlags,
  start: async (flags, { logger, stops, given }) => {
    const place = etcdPlace(flags)
    const options = apiServerOptions(flags, given)
    const metrics = createMetrics()
    const { http } = await serveApi(
      {
        ...options,
        flags: flagTexts(apiServerFlags, flags),
        host: realHost,
        logger,
        metrics,
        place,
        checked: false,
      },
      stops,
    )
    logger.info('the API server is ready', { port: http.port })
  },
}
