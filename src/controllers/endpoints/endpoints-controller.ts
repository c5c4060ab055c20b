import { Endpoints } from '../../api/core/endpoints/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { selectsPods } from '../../api/core/service/service-pods.ts'
import type { core } from '../../api/generated/types/index.ts'
import { labelMatcherOfMap } from '../../apimachinery/selectors/label-selector.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { messageOf } from '../../base/message-of.ts'
import {
  type AnyController,
  type ControllerSetup,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { TriggerTimes } from '../../reconcile/trigger-times.ts'
import { watchBackends } from '../../reconcile/watch-backends.ts'
import { planEndpoints } from './plan-endpoints.ts'

export interface EndpointsOptions {
  /** Time in which changes of pods gather: --endpoint-updates-batch-period. */
  readonly updatesBatchPeriodMs?: number
}

/** Time in which changes of a service's pods gather. */
const spacingMs = 20

async function removeLeftover(key: Key, { cache, api }: ReconcileContext): Promise<void> {
  const [namespace, name] = splitKey(key)
  if (cache.of(Endpoints).get(namespace, name) === undefined) return
  try {
    await api.resource(Endpoints).delete(namespace, name)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}

async function write(
  service: core.v1.Service,
  endpoints: core.v1.Endpoints,
  isNew: boolean,
  { api, events }: ReconcileContext,
): Promise<void> {
  const resource = api.resource(Endpoints)
  try {
    await (isNew ? resource.create(endpoints) : resource.update(endpoints))
  } catch (error) {
    if (hasCause(error, 'NamespaceTerminating')) return
    const why = messageOf(error)
    const { namespace, name } = service.metadata ?? {}
    if (isNew) {
      const message = `Failed to create endpoint for service ${namespace}/${name}: ${why}`
      events.event(endpoints, 'Warning', 'FailedToCreateEndpoint', message)
    } else {
      const message = `Failed to update endpoint ${namespace}/${name}: ${why}`
      events.event(endpoints, 'Warning', 'FailedToUpdateEndpoint', message)
    }
    throw error
  }
}

async function reconcile(key: Key, context: ReconcileContext, times: TriggerTimes): Promise<Outcome> {
  const { cache } = context
  const [namespace, name] = splitKey(key)
  const service = cache.of(Service).get(namespace, name)
  if (service === undefined) {
    await removeLeftover(key, context)
    times.forget(key)
    return done
  }
  if (!selectsPods(service)) return done
  const selector = labelMatcherOfMap(service.spec?.selector)
  const pods = cache
    .of(Pod)
    .list(namespace)
    .filter((pod) => selector.matches(pod.metadata?.labels))
  const existing = cache.of(Endpoints).get(namespace, name)
  const endpoints = planEndpoints(service, pods, existing, times.next(key, service, pods))
  if (endpoints !== undefined) await write(service, endpoints, existing === undefined, context)
  return done
}

/** Programs elected their leaders with Endpoints once; such have no service. */
const isLock = ({ metadata }: core.v1.Endpoints): boolean =>
  metadata?.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined

/** Endpoints whose service was deleted while nobody looked. Later ones may be somebody's own, made before the service. */
function findLeftovers({ informers, enqueue, waitFor }: ControllerSetup): void {
  const informer = informers.informer(Endpoints)
  const checked = informer.whenSynced().then(() => {
    for (const endpoints of informer.lister.list()) if (!isLock(endpoints)) enqueue(keyOf(endpoints))
  })
  waitFor(checked)
}

/** Keeps the Endpoints of Services that select pods, for those who do not read EndpointSlices. */
export function endpointsController({ updatesBatchPeriodMs = 0 }: EndpointsOptions = {}): AnyController {
  const times = new TriggerTimes()
  return defineController({
    name: 'endpoint',
    reconciles: Service,
    watches: [
      watchBackends(updatesBatchPeriodMs),
      watching({
        kind: Endpoints,
        when: (endpoints) => endpoints === undefined,
        keys: (endpoints) => [keyOf(endpoints)],
      }),
    ],
    permissions: [
      {
        group: '',
        resources: ['endpoints'],
        verbs: ['create', 'delete', 'get', 'list', 'update', 'watch'],
      },
      { group: '', resources: ['endpoints/restricted'], verbs: ['create'] },
    ],
    spacingMs,
    setUp: findLeftovers,
    reconcile: (key, context) => reconcile(key, context, times),
  })
}
