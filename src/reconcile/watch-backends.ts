import { Pod } from '../api/core/pod/kind.ts'
import { Service } from '../api/core/service/kind.ts'
import { endpointChanged, servicesSelecting } from '../api/core/service/service-pods.ts'
import { type AnyWatch, watching } from './controller.ts'
import { keyOf } from './owner-references.ts'

/** A watch for pods: it wakes the Services that select them when something changes that endpoints show. */
export const watchBackends = (batchPeriodMs: number): AnyWatch =>
  watching({
    kind: Pod,
    when: endpointChanged,
    ...(batchPeriodMs === 0 ? {} : { delayMs: batchPeriodMs }),
    keys: (pod, { cache }) =>
      servicesSelecting(pod, cache.of(Service).list(pod.metadata?.namespace ?? '')).map(keyOf),
  })
