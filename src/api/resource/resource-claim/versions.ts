import type { resource } from '../../generated/types/index.ts'
import { kindInVersion, kindUnderVersion } from '../../in-version.ts'
import { v1beta1Lifecycle, v1beta2Lifecycle } from '../deprecated-versions.ts'
import { defaultFlatSpec, toFlatSpec, toNestedSpec } from '../flat-claim.ts'
import { ResourceClaim } from './kind.ts'

type FlatClaim = resource.v1beta1.ResourceClaim
type Claim = resource.v1.ResourceClaim

export const ResourceClaimV1Beta1 = kindInVersion<FlatClaim, Claim>(ResourceClaim, {
  version: 'v1beta1',
  schema: 'io.k8s.api.resource.v1beta1.ResourceClaim',
  deprecated: v1beta1Lifecycle,
  toStored: (claim) => ({ ...claim, apiVersion: 'resource.k8s.io/v1', spec: toNestedSpec(claim.spec ?? {}) }),
  fromStored: (claim) => ({
    ...claim,
    apiVersion: 'resource.k8s.io/v1beta1',
    spec: toFlatSpec(claim.spec ?? {}),
  }),
  defaults: (claim) => ({ ...claim, spec: defaultFlatSpec(claim.spec ?? {}) }),
})

export const ResourceClaimV1Beta2 = kindUnderVersion(ResourceClaim, {
  version: 'v1beta2',
  schema: 'io.k8s.api.resource.v1beta2.ResourceClaim',
  deprecated: v1beta2Lifecycle,
})
