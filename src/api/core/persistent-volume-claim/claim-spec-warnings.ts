import type { core } from '../../generated/types/index.ts'
import { fractionalWarnings } from '../pod/warnings/quantity-warnings.ts'

export function claimSpecWarnings(
  spec: core.v1.PersistentVolumeClaimSpec | undefined,
  path: string,
): readonly string[] {
  const warnings: string[] = []
  for (const list of ['requests', 'limits'] as const)
    fractionalWarnings(spec?.resources?.[list], 'storage', `${path}.resources.${list}`, warnings)
  return warnings
}
