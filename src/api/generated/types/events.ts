// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './events-v1.ts'
