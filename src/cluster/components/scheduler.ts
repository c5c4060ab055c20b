import { hostname } from 'node:os'
import { featureGates } from '../../api/feature-gates.ts'
import { type Features, parseFeatureGates } from '../../apimachinery/feature-gates.ts'
import { type HealthCheck, ping } from '../../base/health-checks.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Metrics } from '../../base/metrics.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { SeriesRecorder } from '../../client/series-recorder.ts'
import type { SchedulerConfiguration } from '../../scheduler/config/read-configuration.ts'
import { schedulingOf } from '../../scheduler/config/scheduling-of.ts'
import { Scheduler } from '../../scheduler/scheduler.ts'
import { extenderCalls } from '../control-plane/call-extender.ts'
import { loadPlugins } from '../load-scheduling.ts'
import { PodResourcesPage } from '../pod-resources-page.ts'
import { SchedulingPage } from '../scheduling-page.ts'
import {
  componentFlags,
  kubeconfigOf,
  leaderSettings,
  ownConnection,
  serveComponent,
  waitForServer,
} from './component-base.ts'
import { type ApiConnection, connect } from './connection.ts'
import { duration, pairs, path, repeated } from './flags/flag-types.ts'
import { type FlagValues, flagTexts } from './flags/parse-flags.ts'
import { readFlagFile } from './read-pem.ts'
import { runAsLeader } from './run-as-leader.ts'
import type { Component, ComponentContext } from './run-component.ts'
import { type SchedulerConfig, schedulerConfig } from './scheduler-config.ts'

const program = 'kube-scheduler'
const port = 10_259

const flags = {
  ...componentFlags(program, { port, toleratesLookupFailure: true }, { perSecond: 50, burst: 100 }),
  config: path('A KubeSchedulerConfiguration; it goes before the flags that say the same.'),
  'pod-max-in-unschedulable-pods-duration': duration(
    'After how long a pod is tried again for which nothing has changed.',
    5 * 60_000,
  ),
  plugin: repeated('A module with plugins of your own as its default export; may be given several times.'),
  'feature-gates': pairs('Feature gates: Name=true|false.', parseFeatureGates),
}

interface Work extends Pick<ComponentContext, 'logger'> {
  readonly flags: FlagValues<typeof flags>
  readonly features: Features
  readonly scheduling: SchedulerConfiguration
  readonly metrics: Metrics
  readonly own: ApiConnection
  /** Told of the scheduler while it runs, and whether its caches are filled. */
  readonly runs: (scheduler: Scheduler | undefined, started: boolean) => void
}

async function work(task: Work, signal: AbortSignal, beforeWrite: () => void): Promise<void> {
  const { flags, logger, metrics, own, scheduling } = task
  const stops: ComponentContext['stops'] = []
  try {
    await waitForServer(own, signal)
    if (signal.aborted) return
    const limits = { metrics, perSecond: flags['kube-api-qps'], burst: flags['kube-api-burst'] }
    const leading = connect(kubeconfigOf(flags), { userAgent: program, ...limits, beforeWrite })
    stops.push(() => leading.transport.close())
    const { client } = leading
    const informers = createInformerFactory({ client, host: realHost, logger })
    stops.push(() => informers.stop())
    const events = new SeriesRecorder({ client, host: realHost, logger, hostname: hostname() })
    stops.push(() => events.stop())
    const extenders = extenderCalls()
    stops.push(() => extenders.close())
    const scheduler = new Scheduler({
      ...{ client, informers, events, host: realHost, logger, metrics },
      ...scheduling,
      callExtender: extenders.call,
      maxUnschedulableMs: flags['pod-max-in-unschedulable-pods-duration'],
      features: task.features,
    })
    stops.push(() => scheduler.stop())
    task.runs(scheduler, false)
    stops.push(() => task.runs(undefined, false))
    scheduler.start().then(
      () => {
        if (!signal.aborted) task.runs(scheduler, true)
      },
      (error: unknown) => logger.warn('scheduling has not begun', { error }),
    )
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** `kube-scheduler`, against an API server. */
export const scheduler: Component<typeof flags> = {
  program,
  flags,
  start: async (given, context) => {
    const { logger, stops, lost } = context
    const features = featureGates(given['feature-gates'])
    const file = given.config
    const text = readFlagFile('config', file)
    const plugins = await loadPlugins(given.plugin)
    const config: SchedulerConfig =
      text === undefined
        ? { flags: {}, scheduling: schedulingOf({ plugins }, features) }
        : schedulerConfig(text, file ?? '', plugins, features)
    const values: FlagValues<typeof flags> = { ...given, ...config.flags }
    const kubeconfig = kubeconfigOf(values)
    let running: Scheduler | undefined
    // A candidate that waits for its turn is ready, too.
    let isBehind = false
    const runs: Work['runs'] = (scheduler, started) => {
      running = scheduler
      isBehind = scheduler !== undefined && !started
    }
    const pages = [new SchedulingPage(() => running), new PodResourcesPage(() => running)]
    const healthz: HealthCheck[] = [ping]
    const handlerSync: HealthCheck = {
      name: 'sched-handler-sync',
      check: () => {
        if (isBehind) throw new Error('waiting for handlers to sync')
      },
    }
    const readyz: HealthCheck[] = [ping, handlerSync]
    const health = { healthz, livez: [ping], readyz }
    const metrics = await serveComponent(
      { program, flags: values, texts: flagTexts(flags, given), features, health, pages },
      context,
    )
    const electing = { userAgent: `${program}/leader-election`, metrics, perSecond: -1, burst: 1 }
    const own = ownConnection(kubeconfig, electing, stops)
    const task = { flags: values, features, scheduling: config.scheduling, logger, metrics, own, runs }
    const leading = runAsLeader({
      ...{ program, logger, metrics, stops, lost, connection: own, settings: leaderSettings(values) },
      coordinated: features.enabled('CoordinatedLeaderElection'),
      releaseOnCancel: true,
      work: (signal, beforeWrite) => work(task, signal, beforeWrite),
    })
    for (const checks of [healthz, readyz]) checks.push(...leading)
  },
}
