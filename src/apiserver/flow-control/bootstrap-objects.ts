import type { flowcontrol } from '../../api/generated/types/index.ts'

type FlowSchema = flowcontrol.v1.FlowSchema
type PriorityLevel = flowcontrol.v1.PriorityLevelConfiguration
type Subject = flowcontrol.v1.Subject
type ResourceRule = flowcontrol.v1.ResourcePolicyRule
type Rules = flowcontrol.v1.PolicyRulesWithSubjects

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

/** `false`: the server leaves the object's spec alone. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec'

const metadata = (name: string): { name: string; annotations: Record<string, string> } => ({
  name,
  annotations: { [autoUpdateAnnotation]: 'true' },
})

interface LimitedLevel {
  readonly shares: number
  readonly lendable: number
  /** Of 50 requests each; absent: what exceeds the seats is refused. */
  readonly queues?: readonly [queues: number, handSize: number]
}

const limited = (name: string, { shares, lendable, queues }: LimitedLevel): PriorityLevel => ({
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: metadata(name),
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      lendablePercent: lendable,
      limitResponse:
        queues === undefined
          ? { type: 'Reject' }
          : { type: 'Queue', queuing: { queues: queues[0], handSize: queues[1], queueLengthLimit: 50 } },
    },
  },
})

const flowSchema = (
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  rules: Rules,
): FlowSchema => ({
  apiVersion,
  kind: 'FlowSchema',
  metadata: metadata(name),
  spec: {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
    rules: [rules],
  },
})

const groups = (...names: readonly string[]): readonly Subject[] =>
  names.map((name) => ({ kind: 'Group', group: { name } }))

const users = (...names: readonly string[]): readonly Subject[] =>
  names.map((name) => ({ kind: 'User', user: { name } }))

const kubeSystemAccounts: readonly Subject[] = [
  { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } },
]

const everybody = groups('system:unauthenticated', 'system:authenticated')
const manager = 'system:kube-controller-manager'
const scheduler = 'system:kube-scheduler'

const resources = (
  verbs: readonly string[],
  apiGroups: readonly string[],
  names: readonly string[],
  clusterScope: boolean,
): ResourceRule => ({
  verbs,
  apiGroups,
  resources: names,
  namespaces: ['*'],
  ...(clusterScope ? { clusterScope } : {}),
})

const everythingOf = (subjects: readonly Subject[]): Rules => ({
  subjects,
  resourceRules: [resources(['*'], ['*'], ['*'], true)],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
})

export const exemptLevel: PriorityLevel = {
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: metadata('exempt'),
  spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
}

export const catchAllLevel: PriorityLevel = limited('catch-all', { shares: 5, lendable: 0 })

export const exemptSchema: FlowSchema = flowSchema(
  'exempt',
  'exempt',
  1,
  undefined,
  everythingOf(groups('system:masters')),
)

export const catchAllSchema: FlowSchema = flowSchema(
  'catch-all',
  'catch-all',
  10_000,
  'ByUser',
  everythingOf(everybody),
)

/** Objects that the server brings along (upstream's `apis/flowcontrol/bootstrap`). */
export interface BootstrapObjects {
  readonly levels: readonly PriorityLevel[]
  readonly schemas: readonly FlowSchema[]
}

/** Always as they are here. */
export const mandatory: BootstrapObjects = {
  levels: [catchAllLevel, exemptLevel],
  schemas: [exemptSchema, catchAllSchema],
}

/** As they are here until somebody changes them. */
export const suggested: BootstrapObjects = {
  levels: [
    limited('system', { shares: 30, lendable: 33, queues: [64, 6] }),
    limited('node-high', { shares: 40, lendable: 25, queues: [64, 6] }),
    limited('leader-election', { shares: 10, lendable: 0, queues: [16, 4] }),
    limited('workload-high', { shares: 40, lendable: 50, queues: [128, 6] }),
    limited('workload-low', { shares: 100, lendable: 90, queues: [128, 6] }),
    limited('global-default', { shares: 20, lendable: 50, queues: [128, 6] }),
  ],
  schemas: [
    flowSchema('system-nodes', 'system', 500, 'ByUser', everythingOf(groups('system:nodes'))),
    flowSchema('system-node-high', 'node-high', 400, 'ByUser', {
      subjects: groups('system:nodes'),
      resourceRules: [
        resources(['*'], [''], ['nodes', 'nodes/status'], true),
        resources(['*'], ['coordination.k8s.io'], ['leases'], false),
      ],
    }),
    flowSchema('probes', 'exempt', 2, undefined, {
      subjects: everybody,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    }),
    flowSchema('system-leader-election', 'leader-election', 100, 'ByUser', {
      subjects: [...users(manager, scheduler), ...kubeSystemAccounts],
      resourceRules: [resources(['get', 'create', 'update'], ['coordination.k8s.io'], ['leases'], false)],
    }),
    flowSchema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', everythingOf(users(manager))),
    flowSchema('kube-scheduler', 'workload-high', 800, 'ByNamespace', everythingOf(users(scheduler))),
    flowSchema(
      'kube-system-service-accounts',
      'workload-high',
      900,
      'ByNamespace',
      everythingOf(kubeSystemAccounts),
    ),
    flowSchema(
      'service-accounts',
      'workload-low',
      9000,
      'ByUser',
      everythingOf(groups('system:serviceaccounts')),
    ),
    flowSchema('global-default', 'global-default', 9900, 'ByUser', everythingOf(everybody)),
  ],
}
