// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './resource-v1.ts'
export type * as v1alpha3 from './resource-v1alpha3.ts'
export type * as v1beta1 from './resource-v1beta1.ts'
export type * as v1beta2 from './resource-v1beta2.ts'
