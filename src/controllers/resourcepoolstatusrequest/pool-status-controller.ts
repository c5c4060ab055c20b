import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourcePoolStatusRequest } from '../../api/resource/resource-pool-status-request/kind.ts'
import { ResourceSlice } from '../../api/resource/resource-slice/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Counter, Histogram } from '../../base/metrics.ts'
import {
  type AnyController,
  type ControllerSetup,
  defineController,
  done,
  type Outcome,
  type ReconcileContext,
  RetryError,
  requeueAfter,
} from '../../reconcile/controller.ts'
import { expiresAtMs, requestStatus } from './pool-status.ts'

interface RequestMetrics {
  readonly processed: Counter
  readonly errors: Counter
  readonly seconds: Histogram
}

function requestMetrics({ metrics }: ControllerSetup): RequestMetrics {
  const named = (name: string, help: string) => ({
    name: `resourcepoolstatusrequest_controller_${name}`,
    help,
    labels: ['driver_name'],
  })
  return {
    processed: metrics.counter(
      named('requests_processed_total', 'Total number of ResourcePoolStatusRequests processed'),
    ),
    errors: metrics.counter(
      named(
        'request_processing_errors_total',
        'Total number of errors encountered while processing ResourcePoolStatusRequests',
      ),
    ),
    seconds: metrics.histogram({
      ...named('request_processing_duration_seconds', 'Time taken to process a ResourcePoolStatusRequest'),
      buckets: Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power),
    }),
  }
}

async function expire(name: string, { cache, api, host }: ReconcileContext): Promise<Outcome> {
  const request = cache.of(ResourcePoolStatusRequest).get('', name)
  if (request === undefined) return done
  const leftMs = expiresAtMs(request) - host.now()
  if (leftMs > 0) return requeueAfter(leftMs)
  const { uid = '' } = request.metadata
  try {
    await api.resource(ResourcePoolStatusRequest).delete('', name, { preconditions: { uid } })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
  return done
}

async function answer(name: string, context: ReconcileContext, told: RequestMetrics | undefined) {
  const { cache, api, host } = context
  const request = cache.of(ResourcePoolStatusRequest).get('', name)
  if (request === undefined || request.status !== undefined) return
  const startMs = host.monotonicMs()
  const slices = cache.of(ResourceSlice).list()
  const status = requestStatus(request, slices, cache.of(ResourceClaim).list(), host.now())
  if (status === undefined) throw new RetryError('incomplete pools detected, requeueing')
  const driver = [request.spec.driver]
  try {
    await api.resource(ResourcePoolStatusRequest).updateStatus({ ...request, status })
  } catch (error) {
    told?.errors.inc(driver)
    throw error
  } finally {
    told?.processed.inc(driver)
    told?.seconds.observe((host.monotonicMs() - startMs) / 1_000, driver)
  }
}

/** Tells who asks how many devices the pools of a driver have left. */
export function poolStatusController(): AnyController {
  let told: RequestMetrics | undefined
  return defineController({
    name: 'resourcepoolstatusrequest',
    reconciles: ResourcePoolStatusRequest,
    reads: [ResourceSlice, ResourceClaim],
    permissions: [
      { group: 'resource.k8s.io', resources: ['resourcepoolstatusrequests'], verbs: ['delete'] },
      { group: 'resource.k8s.io', resources: ['resourcepoolstatusrequests/status'], verbs: ['update'] },
    ],
    workers: 1,
    setUp: (setup) => {
      told = requestMetrics(setup)
    },
    reconcile: async (name, context) => {
      const outcome = await expire(name, context)
      await answer(name, context, told)
      return outcome
    },
  })
}
