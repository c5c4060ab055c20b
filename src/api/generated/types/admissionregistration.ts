// Written by scripts/generate-api.ts. Do not edit.
export type * as v1 from './admissionregistration-v1.ts'
export type * as v1alpha1 from './admissionregistration-v1alpha1.ts'
export type * as v1beta1 from './admissionregistration-v1beta1.ts'
