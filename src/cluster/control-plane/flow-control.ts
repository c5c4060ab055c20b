import { defaultRequestTimeoutMs } from '../../apiserver/api-server.ts'
import { defaultInFlightLimits } from '../../apiserver/chain/max-in-flight.ts'
import type { Endpoint } from '../../apiserver/endpoint.ts'
import { FlowDebugEndpoint } from '../../apiserver/flow-control/debug-endpoint.ts'
import { FlowControl } from '../../apiserver/flow-control/flow-control.ts'
import type { ServerCore } from '../../apiserver/server-core.ts'
import type { Host } from '../../base/host.ts'
import type { ApiServerSetup } from './api-server.ts'

/** Priority and fairness, unless it is off. */
export function makeFlowControl(setup: ApiServerSetup, core: ServerCore): FlowControl | undefined {
  const { readOnly, mutating } = defaultInFlightLimits
  const { host, logger, metrics, requestTimeoutMs = defaultRequestTimeoutMs } = setup
  const { flowControlSeats: serverSeats = readOnly + mutating } = setup
  if (serverSeats === 0) return undefined
  const { reader, sizeOf } = core
  return new FlowControl({ host, logger, metrics, requestTimeoutMs, reader, sizeOf, serverSeats })
}

/** Its pages. */
export function flowDebug(host: Host, flowControl: FlowControl | undefined): readonly Endpoint[] {
  if (flowControl === undefined) return []
  const time = (atMs: number): string => new Date(host.now() - host.monotonicMs() + atMs).toISOString()
  return [new FlowDebugEndpoint({ levels: () => flowControl.levels, time })]
}
