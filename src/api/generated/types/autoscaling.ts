// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './autoscaling-v1.ts'
export type * as v2 from './autoscaling-v2.ts'
