// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './networking-v1.ts'
export type * as v1beta1 from './networking-v1beta1.ts'
