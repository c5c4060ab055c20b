// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './apps-v1.ts'
