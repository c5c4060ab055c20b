import type { ControllersOptions } from '../../controllers/controllers.ts'
import { duration, int } from './flags/flag-types.ts'
import type { FlagValues } from './flags/parse-flags.ts'

/** What single controllers are told, under upstream's names and with its defaults. */
export const controllerFlags = {
  'max-endpoints-per-slice': int('Endpoints that an EndpointSlice holds at most.', 100, {
    min: 1,
    max: 1_000,
  }),
  'endpointslice-updates-batch-period': duration(
    'Time in which changes of pods gather for EndpointSlices.',
    0,
  ),
  'endpoint-updates-batch-period': duration('Time in which changes of pods gather for Endpoints.', 0),
  'mirroring-max-endpoints-per-subset': int('Addresses of an Endpoints’ subset that are mirrored.', 1_000, {
    min: 1,
    max: 1_000,
  }),
  'mirroring-endpointslice-updates-batch-period': duration(
    'Time in which changes of mirrored EndpointSlices gather.',
    0,
  ),
}

export function controllerOptions(values: FlagValues<typeof controllerFlags>): Partial<ControllersOptions> {
  return {
    endpointSlice: {
      maxEndpointsPerSlice: values['max-endpoints-per-slice'],
      updatesBatchPeriodMs: values['endpointslice-updates-batch-period'],
    },
    endpoints: { updatesBatchPeriodMs: values['endpoint-updates-batch-period'] },
    endpointSliceMirroring: {
      maxEndpointsPerSubset: values['mirroring-max-endpoints-per-subset'],
      updatesBatchPeriodMs: values['mirroring-endpointslice-updates-batch-period'],
    },
  }
}
