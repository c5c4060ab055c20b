import type { networking } from '../../api/generated/types/index.ts'
import { IPAddress } from '../../api/networking/ip-address/kind.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr/kind.ts'
import { formatTime, timeMs } from '../../apimachinery/time.ts'
import {
  type AnyController,
  defineController,
  done,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import { holding, mayGo, overlap, rangesOfCidr } from './may-go.ts'

type Cidr = networking.v1.ServiceCIDR
type Address = networking.v1.IPAddress
type Condition = NonNullable<NonNullable<Cidr['status']>['conditions']>[number]

const finalizer = 'networking.k8s.io/service-cidr-finalizer'
const manager = 'service-cidr-controller'
const managedBy = 'ipaddress.kubernetes.io/managed-by'
const allocator = 'ipallocator.k8s.io'
/** In which API servers hear that a range is to go, and stop taking addresses from it. */
const graceMs = 10_000

const ready = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' } as const
const inUse = {
  status: 'False',
  reason: 'Terminating',
  message:
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
} as const

const isAllocated = ({ metadata }: Address): boolean => metadata?.labels?.[managedBy] === allocator
const nameOf = ({ metadata }: Cidr): string => metadata?.name ?? ''
const holdsFinalizer = ({ metadata }: Cidr): boolean => metadata?.finalizers?.includes(finalizer) === true

/** Ranges whose fate may hang on this one: it may cover them, or they it. */
const overlapping = (cidr: Cidr, { cache }: ReconcileContext): readonly string[] =>
  cache
    .of(ServiceCIDR)
    .list()
    .filter((other) => rangesOfCidr(other).some((a) => rangesOfCidr(cidr).some((b) => overlap(a, b))))
    .map(nameOf)

async function say(
  cidr: Cidr,
  said: Pick<Condition, 'status' | 'reason' | 'message'>,
  { api, host }: ReconcileContext,
): Promise<void> {
  const known = cidr.status?.conditions?.find(({ type }) => type === 'Ready')
  if (known?.status === said.status && known.reason === said.reason && known.message === said.message) return
  const condition = { type: 'Ready', ...said, lastTransitionTime: formatTime(host.now()) }
  const applied = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: nameOf(cidr) },
    status: { conditions: [condition] },
  }
  await api.resource(ServiceCIDR).patch('', nameOf(cidr), 'application/apply-patch+yaml', applied, {
    subresource: 'status',
    fieldManager: manager,
    force: true,
  })
}

async function patchFinalizers(cidr: Cidr, metadata: object, { api }: ReconcileContext): Promise<void> {
  const type = 'application/strategic-merge-patch+json'
  await api.resource(ServiceCIDR).patch('', nameOf(cidr), type, { metadata })
}

async function letGo(cidr: Cidr, context: ReconcileContext): Promise<Outcome> {
  const { cache, host } = context
  const addresses = cache.of(IPAddress).list().filter(isAllocated)
  const names = addresses.map(({ metadata }) => metadata?.name ?? '')
  if (!mayGo(cidr, cache.of(ServiceCIDR).list(), names)) {
    await say(cidr, inUse, context)
    return done
  }
  const leftMs = timeMs(cidr.metadata?.deletionTimestamp ?? '') + graceMs - host.now()
  if (leftMs > 0) return requeueAfter(leftMs)
  if (holdsFinalizer(cidr))
    await patchFinalizers(cidr, { '$deleteFromPrimitiveList/finalizers': [finalizer] }, context)
  return done
}

async function keep(cidr: Cidr, context: ReconcileContext): Promise<void> {
  if (!holdsFinalizer(cidr)) await patchFinalizers(cidr, { finalizers: [finalizer] }, context)
  try {
    await say(cidr, ready, context)
  } catch (error) {
    const message = 'The ServiceCIDR Status can not be set to Ready=True'
    context.events.event(cidr, 'Warning', 'KubernetesServiceCIDRError', message)
    throw error
  }
}

/** Judges the ranges of services' addresses, and lets those go that nobody needs. */
export const serviceCidrController: AnyController = defineController({
  name: 'service-cidr',
  reconciles: ServiceCIDR,
  watches: [
    watching({ kind: ServiceCIDR, when: (_, old) => old === undefined, keys: overlapping }),
    watching({
      kind: IPAddress,
      when: (now, old) => now === undefined || old === undefined,
      keys: (address, { cache }) =>
        isAllocated(address)
          ? holding(address.metadata?.name ?? '', cache.of(ServiceCIDR).list()).map(nameOf)
          : [],
    }),
  ],
  permissions: [
    {
      group: 'networking.k8s.io',
      resources: ['servicecidrs', 'servicecidrs/finalizers', 'servicecidrs/status'],
      verbs: ['patch', 'update'],
    },
  ],
  reconcile: async (name, context) => {
    const cidr = context.cache.of(ServiceCIDR).get('', name)
    if (cidr === undefined) return done
    if (cidr.metadata?.deletionTimestamp !== undefined) return letGo(cidr, context)
    await keep(cidr, context)
    return done
  },
})
