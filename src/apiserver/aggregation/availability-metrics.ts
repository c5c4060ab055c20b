import type { Counter, Metrics } from '../../base/metrics.ts'
import type { ObjectReader } from '../object-reader.ts'
import { typedReader } from '../typed-reader.ts'
import { type APIService, apiServices } from './remote-services.ts'

const isAvailable = ({ status }: APIService): boolean =>
  status?.conditions?.some((each) => each.type === 'Available' && each.status === 'True') === true

/** Which APIs cannot be had, under upstream's names. */
export class AvailabilityMetrics {
  readonly #losses: Counter

  constructor(metrics: Metrics, reader: ObjectReader) {
    this.#losses = metrics.counter({
      name: 'aggregator_unavailable_apiservice_total',
      help: 'Counter of APIServices which are marked as unavailable broken down by APIService name and reason.',
      labels: ['name', 'reason'],
    })
    const unavailable = metrics.gauge({
      name: 'aggregator_unavailable_apiservice',
      help: 'Gauge of APIServices which are marked as unavailable broken down by APIService name.',
      labels: ['name'],
    })
    const services = typedReader<APIService>(reader, apiServices)
    metrics.onCollect(() => {
      unavailable.clear()
      for (const service of services.list())
        unavailable.set(isAvailable(service) ? 0 : 1, [service.metadata?.name ?? ''])
    })
  }

  lost(name: string, reason: string): void {
    this.#losses.inc([name, reason])
  }
}
