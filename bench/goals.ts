/** How a figure is counted. Milliseconds and such are better lower, rates better higher. */
export type Unit = 'ms' | '/s' | 's CPU' | 'MiB' | '%'

/** A figure that has been promised. */
export interface Goal {
  readonly title: string
  readonly unit: Unit
  /** What upstream v1.36 with etcd 3.6 scored on the reference host: 2 cores, the same load. */
  readonly upstream?: number
  readonly goal: number
}

export const isBetterHigher = (unit: Unit): boolean => unit === '/s'

/** Everything that has been promised, by the name under which a scenario reports it. */
export const goals = {
  ready: { title: 'process start → /readyz', unit: 'ms', upstream: 2200, goal: 500 },
  nodeReadySimulated: { title: 'process start → node Ready, simulated', unit: 'ms', goal: 1000 },
  nodeReadyContainerd: {
    title: 'process start → node Ready, containerd',
    unit: 'ms',
    upstream: 3400,
    goal: 1500,
  },
  podRunningSimulated: { title: 'process start → first pod Running, simulated', unit: 'ms', goal: 2500 },
  podRunningContainerd: { title: 'process start → first pod Running, containerd', unit: 'ms', goal: 2500 },
  envtest: { title: 'an environment of envtest → /healthz', unit: 'ms', goal: 1000 },
  readyAgain: { title: 'second up on 100,000 objects → /readyz', unit: 'ms', goal: 2000 },

  createConfigMaps: { title: 'create ConfigMaps of 1 KiB', unit: '/s', upstream: 2700, goal: 6000 },
  getConfigMaps: { title: 'get a ConfigMap', unit: '/s', upstream: 4100, goal: 15_000 },
  updateConfigMaps: { title: 'update a ConfigMap', unit: '/s', upstream: 2000, goal: 6000 },
  createPods: { title: 'create pods of 4 KiB', unit: '/s', upstream: 1000, goal: 2500 },
  listPods: { title: 'list 10,000 pods as JSON', unit: 'ms', upstream: 690, goal: 180 },
  listTable: { title: 'the same as Table', unit: 'ms', upstream: 510, goal: 150 },
  listByLabel: { title: '1 % of them by label', unit: 'ms', upstream: 16, goal: 4 },
  watchProcessor: {
    title: '1,000 watchers, 500 events at 100/s: processor time',
    unit: 's CPU',
    upstream: 8,
    goal: 2.5,
  },
  watchMedian: { title: 'the same: delivery p50', unit: 'ms', upstream: 28, goal: 6 },
  watchTail: { title: 'the same: delivery p99', unit: 'ms', upstream: 69, goal: 20 },
  memoryAfterStart: { title: 'resident memory after start', unit: 'MiB', upstream: 310, goal: 120 },
  memoryLoaded: {
    title: 'the same with 10,000 ConfigMaps and 10,000 pods',
    unit: 'MiB',
    upstream: 1370,
    goal: 450,
  },
  memoryIdle: { title: 'the same, whole control plane idle', unit: 'MiB', upstream: 490, goal: 150 },
  idleProcessor: { title: 'idle processor use, of one core', unit: '%', upstream: 1.9, goal: 0.5 },
  createInProcess: { title: 'in process: create ConfigMaps of 1 KiB', unit: '/s', goal: 10_000 },

  deployTen: {
    title: 'kubectl apply, Deployment of 10 → all Ready, containerd',
    unit: 'ms',
    upstream: 1430,
    goal: 1200,
  },
  deployThousand: { title: 'Deployment of 1,000 on 100 simulated nodes → all Ready', unit: 'ms', goal: 3000 },
  controllersRunning: { title: 'Deployment from 0 to 10,000: pods Running', unit: '/s', goal: 1000 },

  podStart: { title: 'pod posted → Running, containerd', unit: 'ms', upstream: 463, goal: 250 },
  podStartOverRuntime: { title: 'the same over what the runtime itself takes', unit: 'ms', goal: 60 },
  fiftyPods: { title: '50 pods at once → all Running', unit: 'ms', upstream: 5800, goal: 4000 },
  fiftyPodsDeleted: { title: 'their namespace deleted → gone', unit: 'ms', upstream: 9800, goal: 3000 },
  containerRestart: { title: 'container killed → runs again', unit: 'ms', goal: 1000 },
  readinessLost: { title: 'a readiness probe fails → out of the endpoints', unit: 'ms', goal: 500 },
  endedDeletion: { title: 'a deleted pod’s process ends → the pod is gone', unit: 'ms', goal: 500 },
  twoNodesMemory: { title: 'two idle nodes, everything counted', unit: 'MiB', upstream: 936, goal: 450 },
  twoNodesProcessor: { title: 'the same, of one core', unit: '%', upstream: 3.7, goal: 2 },
  fullNodeMemory: { title: '110 pods on the node: its process', unit: 'MiB', goal: 150 },
  fullNodeProcessor: { title: 'the same, idle, of one core', unit: '%', goal: 3 },
  manyGet: { title: 'many simulated nodes: GET p99', unit: 'ms', goal: 500 },
  manyList: { title: 'the same: LIST of a namespace p99', unit: 'ms', goal: 5000 },
  manyStart: { title: 'the same: pod start p99 at 50 a second', unit: 'ms', goal: 5000 },
  manyMemory: { title: 'the same: memory', unit: 'MiB', goal: 6144 },

  // Pods scheduled a second, in upstream's scheduler_perf workloads of these names.
  'SchedulingBasic/5000Nodes_10000Pods': {
    title: 'SchedulingBasic/5000Nodes_10000Pods',
    unit: '/s',
    upstream: 478,
    goal: 2200,
  },
  'SchedulingBasic/5000Nodes_50000Pods': {
    title: 'SchedulingBasic/5000Nodes_50000Pods',
    unit: '/s',
    upstream: 353,
    goal: 2000,
  },
  'SchedulingNodeAffinity/5000Nodes_10000Pods': {
    title: 'SchedulingNodeAffinity/5000Nodes_10000Pods',
    unit: '/s',
    upstream: 384,
    goal: 1800,
  },
  'TopologySpreading/5000Nodes_5000Pods': {
    title: 'TopologySpreading/5000Nodes_5000Pods',
    unit: '/s',
    upstream: 188,
    goal: 1500,
  },
  'PreferredTopologySpreading/5000Nodes_5000Pods': {
    title: 'PreferredTopologySpreading/5000Nodes_5000Pods',
    unit: '/s',
    upstream: 182,
    goal: 1500,
  },
  'SchedulingPodAffinity/5000Nodes_5000Pods': {
    title: 'SchedulingPodAffinity/5000Nodes_5000Pods',
    unit: '/s',
    upstream: 78,
    goal: 600,
  },
  'SchedulingPodAntiAffinity/5000Nodes_2000Pods': {
    title: 'SchedulingPodAntiAffinity/5000Nodes_2000Pods',
    unit: '/s',
    upstream: 187,
    goal: 1000,
  },
  'SchedulingPreferredPodAffinity/5000Nodes_5000Pods': {
    title: 'SchedulingPreferredPodAffinity/5000Nodes_5000Pods',
    unit: '/s',
    upstream: 148,
    goal: 800,
  },
  'SchedulingPreferredPodAntiAffinity/5000Nodes_5000Pods': {
    title: 'SchedulingPreferredPodAntiAffinity/5000Nodes_5000Pods',
    unit: '/s',
    upstream: 148,
    goal: 800,
  },
  'MixedSchedulingBasePod/5000Nodes_5000Pods': {
    title: 'MixedSchedulingBasePod/5000Nodes_5000Pods',
    unit: '/s',
    upstream: 189,
    goal: 900,
  },
  'PreemptionAsync/5000Nodes': { title: 'PreemptionAsync/5000Nodes', unit: '/s', upstream: 399, goal: 1600 },
  'Unschedulable/5kNodes/100Init/10kPods': {
    title: 'Unschedulable/5kNodes/100Init/10kPods',
    unit: '/s',
    upstream: 461,
    goal: 2000,
  },
  'SchedulingWithMixedChurn/5000Nodes_10000Pods': {
    title: 'SchedulingWithMixedChurn/5000Nodes_10000Pods',
    unit: '/s',
    upstream: 507,
    goal: 2000,
  },
  'SchedulingDaemonset/15000Nodes': {
    title: 'SchedulingDaemonset/15000Nodes',
    unit: '/s',
    upstream: 581,
    goal: 2200,
  },
  attempt: { title: '500 pods a second, 5,000 nodes: attempt p99', unit: 'ms', goal: 5 },
  dnsAnswers: { title: 'DNS answers for a second of one core', unit: '/s', goal: 20_000 },
  arrival: { title: 'the same: from creation to node p99', unit: 'ms', goal: 50 },
} as const satisfies Record<string, Goal>

export type GoalName = keyof typeof goals

export const isGoal = (name: string): name is GoalName => name in goals
