import { carryOver, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import type { core } from '../../generated/types/index.ts'

type Claim = core.v1.PersistentVolumeClaim
type Spec = core.v1.PersistentVolumeClaimSpec

/** What `dataSource` may name by itself; anything else needs `dataSourceRef`. */
const isClaimOrSnapshot = ({ kind, apiGroup }: core.v1.TypedLocalObjectReference): boolean =>
  (kind === 'PersistentVolumeClaim' && !apiGroup) ||
  (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io')

/** Sources in other namespaces are a feature. */
function withoutForeignSource(spec: Spec, old: Spec | undefined, features: Features): Spec {
  const { dataSourceRef, ...rest } = spec
  if (features.enabled('CrossNamespaceVolumeDataSource')) return spec
  const foreign = (dataSourceRef?.namespace ?? '') !== ''
  return foreign && old?.dataSourceRef === undefined ? rest : spec
}

function withoutInvalidSource(spec: Spec, old: Spec | undefined): Spec {
  const { dataSource, ...rest } = spec
  if (old?.dataSource !== undefined || old?.dataSourceRef !== undefined) return spec
  if (dataSource === undefined || spec.dataSourceRef !== undefined || isClaimOrSnapshot(dataSource))
    return spec
  return rest
}

/** Both ways of naming the source say the same, as long as one was left out. */
export function withBothSources(spec: Spec): Spec {
  const { dataSource, dataSourceRef } = spec
  if (dataSource !== undefined && dataSourceRef === undefined) return { ...spec, dataSourceRef: dataSource }
  if (dataSourceRef === undefined || dataSource !== undefined) return spec
  const { namespace = '', ...local } = dataSourceRef
  return namespace === '' ? { ...spec, dataSource: local } : spec
}

function withSources(claim: Claim, old: Claim | undefined, { features }: WriteContext): Claim {
  if (claim.spec === undefined) return claim
  const own = withoutForeignSource(claim.spec, old?.spec, features)
  const spec = withBothSources(withoutInvalidSource(own, old?.spec))
  return spec === claim.spec ? claim : { ...claim, spec }
}

export const prepareClaimForCreate = (claim: Claim, context: WriteContext): Claim =>
  withSources({ ...claim, status: { phase: 'Pending' } }, undefined, context)

export function prepareClaimForUpdate(claim: Claim, old: Claim, context: WriteContext): Claim {
  const kept = carryOver(claim, old, context)
  return context.subresource === 'status' ? kept : withSources(kept, old, context)
}
