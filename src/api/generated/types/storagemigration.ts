// Written by scripts/generate-api.ts. Do not edit.
export type * as v1beta1 from './storagemigration-v1beta1.ts'
