// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './apiextensions-v1.ts'
