import { internalError, notFound, statusError } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { KubeletApi } from '../kubelet-api.ts'
import { cadvisorMetrics } from '../stats/cadvisor-metrics.ts'
import { failedResourceMetrics, resourceMetrics } from '../stats/resource-metrics.ts'
import { statsSummary } from '../stats/summary.ts'
import { containerLogRoute } from './container-log-route.ts'
import { expositionType, type KubeletRoute, sendJson, sendText } from './kubelet-route.ts'
import { type NodeLogsOptions, nodeLogsRoute } from './node-logs/node-logs-route.ts'

export interface KubeletRoutesOptions {
  readonly api: KubeletApi
  readonly host: Host
  readonly metrics: Metrics
  /** About the agent itself, by their paths' names. */
  readonly pages: ReadonlyMap<string, KubeletPage>
  /** The machine's own logs, where they may be read. */
  readonly nodeLogs?: NodeLogsOptions | undefined
}

/** `accept`: the header, '' without one. Throws StatusError. */
export type KubeletPage = (
  accept: string,
  pretty: boolean,
) => { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }

export const isTrue = (value: string | null): boolean => value === 'true' || value === '1'

/** All that it has beside pages. */
export const kubeletPaths: readonly string[] = [
  ...['/attach/', '/checkpoint/', '/containerLogs/', '/exec/', '/healthz', '/healthz/log', '/healthz/ping'],
  ...['/healthz/syncloop', '/logs/', '/metrics', '/metrics/cadvisor', '/metrics/probes'],
  ...['/metrics/resource', '/metrics/slis', '/pods', '/portForward/', '/run/', '/runningpods', '/stats'],
  '/stats/summary',
]

const podList = (items: readonly object[]): object => ({
  ...{ kind: 'PodList', apiVersion: 'v1' },
  ...{ metadata: {}, items },
})

const healthRoute = ({ health }: KubeletApi): KubeletRoute => ({
  path: 'healthz',
  below: 'too',
  isOpen: true,
  handle: async ({ response, rest, query }) => {
    const name = rest.join('/')
    const answer =
      name === ''
        ? await health.all(query.getAll('exclude'), query.has('verbose'))
        : await health.single(name)
    if (answer === undefined) return sendText(response, '404 page not found\n', 404)
    sendText(response, answer.text, answer.well ? 200 : 500)
  },
})

function metricsRoutes({ stats, probeMetrics, slis }: KubeletApi, metrics: Metrics): readonly KubeletRoute[] {
  const route = (path: string, text: () => string | Promise<string>): KubeletRoute => ({
    path,
    isOpen: true,
    handle: async ({ response }) => sendText(response, await text(), 200, expositionType),
  })
  return [
    route('metrics', () => metrics.expose()),
    route('metrics/resource', () => stats.look(false).then(resourceMetrics, failedResourceMetrics)),
    route('metrics/cadvisor', async () => cadvisorMetrics(await stats.look(true))),
    route('metrics/probes', () => probeMetrics.expose()),
    route('metrics/slis', () => slis.expose()),
  ]
}

const summaryRoute = ({ stats }: KubeletApi): KubeletRoute => ({
  path: 'stats/summary',
  isOpen: true,
  handle: async ({ response, query }) => {
    const disks = !isTrue(query.get('only_cpu_and_memory'))
    try {
      sendJson(response, statsSummary(await stats.look(disks), disks))
    } catch (error) {
      throw internalError(messageOf(error))
    }
  },
})

/** Runs a command to its end, for those who have no streams. */
const runRoute = (api: KubeletApi): KubeletRoute => ({
  path: 'run',
  below: 'only',
  method: 'POST',
  handle: async ({ response, rest, query }) => {
    // With a pod's uid between its name and the container's, or without.
    const [namespace = '', pod = '', ...names] = rest
    const container = names.at(-1) ?? ''
    const command = (query.get('cmd') ?? '').split(' ').filter((part) => part !== '')
    const { stdout, stderr, exitCode } = await api.run({ namespace, pod, container }, command, 0)
    if (exitCode !== 0)
      throw internalError(
        `command '${command.join(' ')}' exited with ${exitCode}: ${new TextDecoder().decode(stderr)}`,
      )
    sendText(response, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr))
  },
})

const checkpointRoute = (api: KubeletApi): KubeletRoute => ({
  path: 'checkpoint',
  below: 'only',
  method: 'POST',
  handle: async ({ response, rest, query }) => {
    const [namespace = '', pod = '', container = '', ...more] = rest
    if (more.length > 0) throw notFound({ group: '', resource: 'nodes', name: rest.join('/') })
    const timeout = query.getAll('timeout').at(-1)
    if (timeout !== undefined && !/^[+-]?\d+$/.test(timeout))
      throw statusError('NotFound', 'cannot parse value of timeout parameter')
    const items = [await api.checkpoint({ namespace, pod, container }, Number(timeout ?? 0))]
    sendJson(response, { items })
  },
})

function pageRoute(path: string, page: KubeletPage): KubeletRoute {
  return {
    path,
    handle: async ({ request, response, query }) => {
      const { headers, body } = page(request.headers.accept ?? '', isTrue(query.get('pretty')))
      response.writeHead(200, headers)
      response.end(body)
    },
  }
}

/** A node agent's paths but for those that carry streams: upstream's (pkg/kubelet/server). */
export function kubeletRoutes({
  api,
  host,
  metrics,
  pages,
  nodeLogs,
}: KubeletRoutesOptions): readonly KubeletRoute[] {
  return [
    healthRoute(api),
    ...metricsRoutes(api, metrics),
    summaryRoute(api),
    {
      path: 'pods',
      isOpen: true,
      handle: async ({ response }) => sendJson(response, podList(api.pods())),
    },
    {
      path: 'runningpods',
      handle: async ({ response }) => sendJson(response, podList(await api.runningPods())),
    },
    containerLogRoute(api, host),
    runRoute(api),
    checkpointRoute(api),
    nodeLogsRoute(nodeLogs),
    ...[...pages].map(([name, page]) => pageRoute(name, page)),
  ]
}
