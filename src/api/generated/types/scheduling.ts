// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './scheduling-v1.ts'
export type * as v1alpha2 from './scheduling-v1alpha2.ts'
