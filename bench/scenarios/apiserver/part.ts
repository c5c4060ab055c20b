import type { Connection } from '../../load/connection.ts'
import { keepInFlight, type Throughput } from '../../load/keep-in-flight.ts'
import type { Details, Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { type Measured, measure } from '../../server/measure.ts'
import type { Server } from '../../server/start-server.ts'

/** A running server, and ways to it. */
export interface ApiLoad {
  readonly server: Server
  readonly namespace: string
  readonly options: BenchOptions
  readonly report: Report
  /** One of the sessions that the load is spread over. */
  session(index: number): Connection
}

/** `count` requests, as many at once as the options say. */
export async function many(
  load: ApiLoad,
  name: string,
  count: number,
  work: (index: number) => Promise<void>,
): Promise<{ readonly throughput: Throughput; readonly details: Details }> {
  const measured: Measured<Throughput> = await measure(load.server, name, load.options, () =>
    keepInFlight(count, load.options.flight, work),
  )
  const { p50Ms, p99Ms } = measured.result
  return {
    throughput: measured.result,
    details: {
      p50Ms,
      p99Ms,
      cpuMsPerRequest: (measured.processorSeconds * 1000) / count,
      loopP99Ms: measured.loopP99Ms,
    },
  }
}
