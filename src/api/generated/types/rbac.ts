// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './rbac-v1.ts'
