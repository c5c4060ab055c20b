// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './batch-v1.ts'
