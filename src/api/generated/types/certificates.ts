// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './certificates-v1.ts'
export type * as v1alpha1 from './certificates-v1alpha1.ts'
export type * as v1beta1 from './certificates-v1beta1.ts'
