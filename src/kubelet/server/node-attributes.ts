/** What a request to the node agent is to an authorizer: this on `nodes/<subresource>`, of which one suffices. */
export interface NodeAttributes {
  readonly verb: string
  readonly subresources: readonly string[]
  readonly path: string
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Subresources of their own beside `proxy` (KubeletFineGrainedAuthz). */
const fine: Readonly<Record<string, string>> = {
  pods: 'pods',
  runningpods: 'pods',
  healthz: 'healthz',
  configz: 'configz',
}

/** Subresources instead of `proxy`. */
const own: Readonly<Record<string, string>> = {
  stats: 'stats',
  metrics: 'metrics',
  logs: 'log',
  checkpoint: 'checkpoint',
  statusz: 'statusz',
  flagz: 'configz',
}

const within = (names: Readonly<Record<string, string>>, first: string): readonly string[] => {
  const found = Object.hasOwn(names, first) ? names[first] : undefined
  return found === undefined ? [] : [found]
}

/** As upstream's `GetRequestAttributes`; `path` without the query. */
export function nodeAttributes(method: string, path: string): NodeAttributes {
  const first = path.split('/')[1] ?? ''
  const instead = within(own, first)
  return {
    verb: verbs[method] ?? '',
    subresources: [...within(fine, first), ...(instead.length > 0 ? instead : ['proxy'])],
    path,
  }
}
