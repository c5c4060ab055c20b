/** Labels of a job's pods; those without a prefix are from before there was one. */
export const uidLabel = 'batch.kubernetes.io/controller-uid'
export const jobNameLabel = 'batch.kubernetes.io/job-name'
export const legacyUidLabel = 'controller-uid'
export const legacyNameLabel = 'job-name'

/** Annotation and label of a pod of an Indexed job. */
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index'
/** Annotations of a pod of a job with a limit for each index: the failures of the pods before it. */
export const indexFailuresKey = 'batch.kubernetes.io/job-index-failure-count'
export const indexIgnoredFailuresKey = 'batch.kubernetes.io/job-index-ignored-failure-count'

/** Keeps a job's pod until it is counted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
