import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { type BootstrapContext, ensure } from './ensure.ts'

const name = 'kube-apiserver-legacy-service-account-token-tracking'
const namespace = 'kube-system'

/** Says since which day (`2026-01-31`) uses of tokens that are kept in Secrets are noted. */
export async function ensureLegacyTokenTracking(context: BootstrapContext, today: string): Promise<void> {
  const data = { since: today }
  await ensure(context, {
    kind: ConfigMap,
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data },
    repair: (present) =>
      parseTime(`${present.data?.since}T00:00:00Z`) === undefined
        ? { ...present, data: { ...present.data, ...data } }
        : undefined,
  })
}
