import { fieldPath } from '../../../apimachinery/field-path.ts'
import { ipWarnings } from '../../../apimachinery/ip-warnings.ts'
import type { core } from '../../generated/types/index.ts'

/** Of addresses that are written oddly, which the controller's own never are. */
export function endpointsWarnings({ metadata, subsets }: core.v1.Endpoints): readonly string[] {
  if (metadata?.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return []
  const path = fieldPath('subsets')
  const found: string[] = []
  subsets?.forEach((subset, index) => {
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      subset[list]?.forEach(({ ip }, at) => {
        found.push(...ipWarnings(path.index(index).child(list).index(at).child('ip'), ip))
      })
    }
  })
  return found
}
