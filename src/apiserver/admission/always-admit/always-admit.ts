import type { AdmissionPlugin } from '../../admission.ts'

/** Nothing to do with any request. */
export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit', handles: () => false }
