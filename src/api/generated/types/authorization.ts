// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './authorization-v1.ts'
