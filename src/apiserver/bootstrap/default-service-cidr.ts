import type { networking } from '../../api/generated/types/index.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr/kind.ts'
import { typedReader } from '../typed-reader.ts'
import { type BootstrapContext, collectionPath, ensure } from './ensure.ts'

const name = 'kubernetes'

/** Ready unless somebody says otherwise; of ranges that are not this server's it knows nothing. */
function mustBecomeReady(present: networking.v1.ServiceCIDR, cidrs: readonly string[]): boolean {
  if (present.metadata?.deletionTimestamp !== undefined) return false
  const known = present.spec?.cidrs ?? []
  if (known.length !== cidrs.length || known.some((cidr, index) => cidr !== cidrs[index])) return false
  const ready = present.status?.conditions?.find(({ type }) => type === 'Ready')
  return ready === undefined || ready.status === 'Unknown'
}

/** The ranges of Services that the server was started with, as the object `kubernetes` (KEP-1880). `now` is RFC 3339. */
export async function ensureDefaultServiceCidr(
  context: BootstrapContext,
  cidrs: readonly string[],
  now: string,
): Promise<void> {
  const { transport, reader } = context
  await ensure(context, {
    kind: ServiceCIDR,
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name },
      spec: { cidrs: [...cidrs] },
    },
    // From one family to both.
    repair: (present) =>
      cidrs.length === 2 && present.spec?.cidrs?.length === 1 && present.spec.cidrs[0] === cidrs[0]
        ? { ...present, spec: { ...present.spec, cidrs: [...cidrs] } }
        : undefined,
  })
  const present = typedReader<networking.v1.ServiceCIDR>(reader, ServiceCIDR).get('', name)
  if (present === undefined || !mustBecomeReady(present, cidrs)) return
  const message = 'Kubernetes default Service CIDR is ready'
  const condition = { type: 'Ready', status: 'True', reason: '', message, lastTransitionTime: now }
  await transport.request({
    method: 'PATCH',
    path: `${collectionPath(ServiceCIDR, '')}/${name}/status`,
    query: { fieldManager: 'kubernetes-service-cidr-controller', force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name },
      status: { conditions: [condition] },
    },
  })
}
