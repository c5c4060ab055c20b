import { createMetrics } from '../../base/host/metrics.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { apiServerFlags } from '../components/api-server-flags.ts'
import { apiServerOptions, etcdPlace } from '../components/api-server-options.ts'
import { parseFlags } from '../components/flags/parse-flags.ts'
import type { ExternalSigner } from '../control-plane/external-signer/external-signer.ts'
import { serveApi } from '../control-plane/serve-api.ts'

/** An API server of these flags on a free port, which is returned; it keeps objects in etcd where they name one, else in memory. */
export async function serveApiOfFlags(
  flags: readonly string[],
  stops: (() => Promise<void> | void)[],
  external?: ExternalSigner,
): Promise<number> {
  const own = ['--bind-address=127.0.0.1', '--secure-port=0']
  const parsed = parseFlags('kube-apiserver', apiServerFlags, [...own, ...flags])
  if (parsed.type !== 'run') throw new Error(`flags were taken for ${parsed.type}`)
  const { values, given } = parsed
  const options = apiServerOptions(values, given, external)
  const common = { host: realHost, logger: silentLogger, metrics: createMetrics(), checked: true }
  const place = given.has('etcd-servers') ? etcdPlace(values) : { type: 'memory' as const }
  const { http } = await serveApi({ ...options, ...common, place }, stops)
  return http.port
}
