import type { resource } from '../../generated/types/index.ts'
import { kindInVersion, kindUnderVersion } from '../../in-version.ts'
import { v1beta1Lifecycle, v1beta2Lifecycle } from '../deprecated-versions.ts'
import { defaultFlatSpec, toFlatSpec, toNestedSpec } from '../flat-claim.ts'
import { ResourceClaimTemplate } from './kind.ts'

type FlatTemplate = resource.v1beta1.ResourceClaimTemplate
type Template = resource.v1.ResourceClaimTemplate

export const ResourceClaimTemplateV1Beta1 = kindInVersion<FlatTemplate, Template>(ResourceClaimTemplate, {
  version: 'v1beta1',
  schema: 'io.k8s.api.resource.v1beta1.ResourceClaimTemplate',
  deprecated: v1beta1Lifecycle,
  toStored: (template) => ({
    ...template,
    apiVersion: 'resource.k8s.io/v1',
    spec: { ...template.spec, spec: toNestedSpec(template.spec?.spec ?? {}) },
  }),
  fromStored: (template) => ({
    ...template,
    apiVersion: 'resource.k8s.io/v1beta1',
    spec: { ...template.spec, spec: toFlatSpec(template.spec?.spec ?? {}) },
  }),
  defaults: (template) => ({
    ...template,
    spec: { ...template.spec, spec: defaultFlatSpec(template.spec?.spec ?? {}) },
  }),
})

export const ResourceClaimTemplateV1Beta2 = kindUnderVersion(ResourceClaimTemplate, {
  version: 'v1beta2',
  schema: 'io.k8s.api.resource.v1beta2.ResourceClaimTemplate',
  deprecated: v1beta2Lifecycle,
})
