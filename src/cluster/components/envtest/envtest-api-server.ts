import { createMetrics } from '../../../base/host/metrics.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { serveApi } from '../../control-plane/serve-api.ts'
import { apiServerFlags } from '../api-server-flags.ts'
import { type ApiServerFlags, apiServerOptions, etcdPlace } from '../api-server-options.ts'
import type { Component } from '../run-component.ts'
import { type FrontStore, findFrontStore, placeOf } from './front-store.ts'
import { startControllers } from './start-controllers.ts'

async function storeOf(values: ApiServerFlags): Promise<FrontStore | undefined> {
  const [url] = values['etcd-servers']
  return url?.startsWith('http://') ? findFrontStore(url) : undefined
}

/** What envtest starts as `kube-apiserver`: keeps its objects where our `etcd` says, or in a real etcd. */
export const envtestApiServer: Component<typeof apiServerFlags> = {
  program: 'kube-apiserver',
  flags: apiServerFlags,
  start: async (values, { logger, stops, given }) => {
    const store = await storeOf(values)
    const options = apiServerOptions(values, given)
    const common = { host: realHost, logger, metrics: createMetrics() }
    const { api } = await serveApi(
      {
        ...options,
        ...common,
        place: store === undefined ? etcdPlace(values) : placeOf(store),
        quotaBackendBytes: store?.quotaBackendBytes,
        checked: false,
      },
      stops,
    )
    if (process.env['TIMONEL_CONTROLLERS'] === '1') await startControllers(api, options, { ...common, stops })
  },
}
