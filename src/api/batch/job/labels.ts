/** Labels of a job's pods; those without a prefix are from before there was one. */
export const uidLabel = 'batch.kubernetes.io/controller-uid'
export const jobNameLabel = 'batch.kubernetes.io/job-name'
export const legacyUidLabel = 'controller-uid'
export const legacyNameLabel = 'job-name'
