/** A parameter that many operations share. */
export interface QueryParameter {
  readonly type: 'string' | 'integer' | 'boolean'
  readonly description: string
}

/** Query parameters by name. */
export const queryParameters = {
  allowWatchBookmarks: {
    type: 'boolean',
    description:
      'Ask for BOOKMARK events, which carry a recent resourceVersion. Ignored unless this is a watch.',
  },
  command: { type: 'string', description: 'The command to run, one parameter for each argument; no shell.' },
  container: { type: 'string', description: 'The container; may be left out where the pod has only one.' },
  continue: { type: 'string', description: 'The token of the previous page of a list, to get the next one.' },
  dryRun: {
    type: 'string',
    description: 'With All every stage is run and nothing is persisted. No other value is valid.',
  },
  fieldManager: {
    type: 'string',
    description: 'The name of who makes the change: at most 128 printable characters. Apply requires it.',
  },
  fieldSelector: { type: 'string', description: 'Restricts the list to objects whose fields match.' },
  fieldValidation: {
    type: 'string',
    description:
      'What to do about unknown and duplicate fields: Ignore drops them, Warn (the default) drops them and answers with a warning for each, Strict refuses the request.',
  },
  follow: { type: 'boolean', description: 'Follow the log.' },
  force: { type: 'boolean', description: 'Apply takes over fields that others own. Apply only.' },
  gracePeriodSeconds: {
    type: 'integer',
    description: 'Seconds until the object goes; 0 means at once. Absent means the default of its kind.',
  },
  ignoreStoreReadErrorWithClusterBreakingPotential: {
    type: 'boolean',
    description: 'Delete an object even if it cannot be read from the store. May break the cluster.',
  },
  insecureSkipTLSVerifyBackend: {
    type: 'boolean',
    description: "Do not verify the kubelet's certificate: the log may then come from somebody else.",
  },
  labelSelector: { type: 'string', description: 'Restricts the list to objects whose labels match.' },
  limit: { type: 'integer', description: 'The most objects that one page of a list holds.' },
  limitBytes: { type: 'integer', description: 'End the log after that many bytes.' },
  orphanDependents: { type: 'boolean', description: 'Deprecated: use propagationPolicy.' },
  path: { type: 'string', description: 'The path of the proxied request.' },
  ports: { type: 'integer', description: 'Ports to forward; needed with WebSockets.' },
  pretty: { type: 'string', description: "With 'true' the answer is indented." },
  previous: { type: 'boolean', description: 'The log of the container that ran before this one.' },
  propagationPolicy: {
    type: 'string',
    description: "What happens to dependents: 'Orphan', 'Background' or 'Foreground'.",
  },
  resourceVersion: { type: 'string', description: 'The version that a read must, or may, be of.' },
  resourceVersionMatch: {
    type: 'string',
    description: 'How resourceVersion applies to a list: Exact or NotOlderThan.',
  },
  sendInitialEvents: {
    type: 'boolean',
    description: 'A watch starts with ADDED events for all objects, then a bookmark that ends them.',
  },
  shardSelector: {
    type: 'string',
    description:
      'Restricts the list to a share of the objects: an expression of shardRange(). Needs the feature gate ShardedListAndWatch.',
  },
  sinceSeconds: { type: 'integer', description: 'Show the log of the last seconds only.' },
  stderr: { type: 'boolean', description: 'Attach standard error.' },
  stdin: { type: 'boolean', description: 'Attach standard input.' },
  stdout: { type: 'boolean', description: 'Attach standard output.' },
  stream: { type: 'string', description: 'Which stream of the log: All, Stdout or Stderr.' },
  tailLines: { type: 'integer', description: 'Lines from the end of the log to show.' },
  timeoutSeconds: { type: 'integer', description: 'The most seconds that a list or watch may take.' },
  timestamps: { type: 'boolean', description: 'Begin each line of the log with its time.' },
  tty: { type: 'boolean', description: 'Allocate a terminal.' },
  watch: { type: 'boolean', description: 'Watch for changes instead of listing.' },
} as const satisfies Readonly<Record<string, QueryParameter>>

export type QueryName = keyof typeof queryParameters

const isQueryName = (name: string): name is QueryName => name in queryParameters

export const queryNames: readonly QueryName[] = Object.keys(queryParameters).filter(isQueryName)

/** What is read may be indented. */
export const readQuery: readonly QueryName[] = ['pretty']

export const listQuery: readonly QueryName[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'pretty',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
  'watch',
]

export const deleteQuery: readonly QueryName[] = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'pretty',
  'propagationPolicy',
]

export const deleteCollectionQuery: readonly QueryName[] = [
  'continue',
  'dryRun',
  'fieldSelector',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'labelSelector',
  'limit',
  'orphanDependents',
  'pretty',
  'propagationPolicy',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
]

export const writeQuery: readonly QueryName[] = ['dryRun', 'fieldManager', 'fieldValidation', 'pretty']
export const patchQuery: readonly QueryName[] = [
  'dryRun',
  'fieldManager',
  'fieldValidation',
  'force',
  'pretty',
]

/** Queries of subresources that are more than objects. */
export const subresourceQueries: Readonly<Record<string, readonly QueryName[]>> = {
  attach: ['container', 'stderr', 'stdin', 'stdout', 'tty'],
  exec: ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'],
  log: [
    'container',
    'follow',
    'insecureSkipTLSVerifyBackend',
    'limitBytes',
    'pretty',
    'previous',
    'sinceSeconds',
    'stream',
    'tailLines',
    'timestamps',
  ],
  portforward: ['ports'],
  proxy: ['path'],
}
