import { createMetrics } from '../../base/host/metrics.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { ExternalSigner } from '../control-plane/external-signer/external-signer.ts'
import { serveApi } from '../control-plane/serve-api.ts'
import { apiServerFlags } from './api-server-flags.ts'
import { type ApiServerFlags, apiServerOptions, etcdPlace } from './api-server-options.ts'
import { FlagError, flagTexts } from './flags/parse-flags.ts'
import type { Component, ComponentContext } from './run-component.ts'

const abstractName = /^@([\w-]+\.)*[\w-]+$/

/** Where the flags name one. Throws FlagError in upstream's words. */
async function externalSigner(
  flags: ApiServerFlags,
  { logger, metrics, stops }: Pick<ComponentContext, 'logger' | 'stops'> & { readonly metrics: Metrics },
): Promise<ExternalSigner | undefined> {
  const endpoint = flags['service-account-signing-endpoint']
  if (endpoint === undefined) return undefined
  if (flags['service-account-signing-key-file'] !== undefined || flags['service-account-key-file'].length > 0)
    throw new FlagError(
      "can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint` (They are mutually exclusive)",
    )
  if (endpoint.startsWith('@') && !abstractName.test(endpoint))
    throw new FlagError(
      `invalid value ${JSON.stringify(endpoint)} passed for \`--service-account-signing-endpoint\`, when prefixed with @ must be a valid abstract socket name`,
    )
  const { startExternalSigner } = await import('../control-plane/external-signer/external-signer.ts')
  return startExternalSigner({
    ...{ host: realHost, logger, metrics, endpoint, stops },
    maxLifeMs: flags['service-account-max-token-expiration'],
  })
}

/** `kube-apiserver`: the API over an etcd. */
export const apiServer: Component<typeof apiServerFlags> = {
  program: 'kube-apiserver',
  flags: apiServerFlags,
  start: async (flags, { logger, stops, given }) => {
    const place = etcdPlace(flags)
    const metrics = createMetrics()
    const external = await externalSigner(flags, { logger, metrics, stops })
    const options = apiServerOptions(flags, given, external)
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
