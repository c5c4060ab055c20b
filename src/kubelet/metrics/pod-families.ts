import { exponentialBuckets } from '../../base/exponential-buckets.ts'

/** In seconds. */
const startBuckets = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700,
  3600,
]
const pullBuckets = [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600]
const statusBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60]

const measured =
  'measured from pod creation timestamp to when all its containers are reported as started and observed via watch'
const onLinux = 'This metric will only be collected on Linux.'

/** Upstream's families about pods and containers (pkg/kubelet/metrics/metrics.go). */
export const podFamilies = {
  syncs: {
    name: 'kubelet_pod_worker_duration_seconds',
    help: 'Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync',
    labels: ['operation_type'],
  },
  workerStarts: {
    name: 'kubelet_pod_worker_start_duration_seconds',
    help: 'Duration in seconds from kubelet seeing a pod to starting a worker.',
  },
  containersPerPod: {
    name: 'kubelet_containers_per_pod_count',
    help: 'The number of containers per pod.',
    buckets: exponentialBuckets(1, 2, 5),
  },
  starts: {
    name: 'kubelet_pod_start_duration_seconds',
    help: 'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run',
    buckets: startBuckets,
  },
  totalStarts: {
    name: 'kubelet_pod_start_total_duration_seconds',
    help: `Duration in seconds to start a pod since creation, including time to pull images and run init containers, ${measured}`,
    buckets: startBuckets,
  },
  sliStarts: {
    name: 'kubelet_pod_start_sli_duration_seconds',
    help: `Duration in seconds to start a pod, excluding time to pull images and run init containers, ${measured}`,
    buckets: startBuckets,
  },
  firstStart: {
    name: 'kubelet_first_network_pod_start_sli_duration_seconds',
    help: `Duration in seconds to start the first network pod, excluding time to pull images and run init containers, ${measured}`,
  },
  statuses: {
    name: 'kubelet_pod_status_sync_duration_seconds',
    help: 'Duration in seconds to sync a pod status update. Measures time from detection of a change to pod status until the API is successfully updated for that pod, even if multiple intevening changes to pod status occur.',
    buckets: statusBuckets,
  },
  pulls: {
    name: 'kubelet_image_pull_duration_seconds',
    help: 'Duration in seconds to pull an image.',
    buckets: pullBuckets,
    labels: ['image_size_in_bytes'],
  },
  pods: {
    name: 'kubelet_started_pods_total',
    help: 'Cumulative number of pods started',
  },
  podErrors: {
    name: 'kubelet_started_pods_errors_total',
    help: 'Cumulative number of errors when starting pods',
  },
  userPods: {
    name: 'kubelet_started_user_namespaced_pods_total',
    help: `Cumulative number of pods with user namespaces started. ${onLinux}`,
  },
  userPodErrors: {
    name: 'kubelet_started_user_namespaced_pods_errors_total',
    help: `Cumulative number of errors when starting pods with user namespaces. ${onLinux}`,
  },
  containers: {
    name: 'kubelet_started_containers_total',
    help: 'Cumulative number of containers started',
    labels: ['container_type'],
  },
  containerErrors: {
    name: 'kubelet_started_containers_errors_total',
    help: 'Cumulative number of errors when starting containers',
    labels: ['container_type', 'code'],
  },
  collected: {
    name: 'kubelet_image_garbage_collected_total',
    help: 'Total number of images garbage collected by the kubelet, whether through disk usage or image age.',
    labels: ['reason'],
  },
  rejections: {
    name: 'kubelet_admission_rejections_total',
    help: 'Cumulative number pod admission rejections by the Kubelet.',
    labels: ['reason'],
  },
  orphans: {
    name: 'kubelet_orphaned_runtime_pods_total',
    help: 'Number of pods that have been detected in the container runtime without being already known to the pod worker. This typically indicates the kubelet was restarted while a pod was force deleted in the API or in the local configuration, which is unusual.',
  },
}
