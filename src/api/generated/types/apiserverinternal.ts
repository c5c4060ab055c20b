// Written by scripts/generate-api.ts. Do not edit.
export type * as v1alpha1 from './apiserverinternal-v1alpha1.ts'
