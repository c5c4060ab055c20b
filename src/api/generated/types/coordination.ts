// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './coordination-v1.ts'
export type * as v1alpha2 from './coordination-v1alpha2.ts'
export type * as v1beta1 from './coordination-v1beta1.ts'
