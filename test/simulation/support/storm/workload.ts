import {
  type apps,
  type batch,
  type Client,
  type core,
  DaemonSet,
  Deployment,
  type ObjectMeta,
  PodDisruptionBudget,
  Service,
  StatefulSet,
} from '../../../../src/cluster/index.ts'
import { service } from '../workloads.ts'
import { staysFor } from '../world/watchful.ts'

/** A pod for the time of an outage, not for five minutes: simulations are short. */
const patience = 20

function template(name: string, spec: Partial<core.v1.PodSpec> = {}): core.v1.PodTemplateSpec {
  return {
    metadata: { labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 5,
      tolerations: staysFor(patience),
      containers: [{ name: 'main', image: 'web' }],
      ...spec,
    },
  }
}

const shared = (name: string, replicas: number) => ({
  replicas,
  selector: { matchLabels: { app: name } },
  template: template(name),
})

const named = (name: string): ObjectMeta => ({ name, namespace: 'default' })

const deployment = (
  name: string,
  replicas: number,
  strategy?: apps.v1.DeploymentStrategy,
): apps.v1.Deployment => ({
  metadata: named(name),
  spec: { ...shared(name, replicas), ...(strategy === undefined ? {} : { strategy }) },
})

const statefulSet = (name: string, podManagementPolicy: string): apps.v1.StatefulSet => ({
  metadata: named(name),
  spec: { ...shared(name, 3), serviceName: name, podManagementPolicy },
})

export const deployments = ['rolling', 'surging', 'recreated'] as const
export const statefulSets = ['ordered', 'parallel'] as const
export const daemonSet = 'everywhere'
/** What only evictions, outages and the storm take pods from. */
export const guarded = 'guarded'
export const guardedReplicas = 4
export const guardedLeast = 3

/** A Job whose pods sleep; some of them fail. */
export function job(name: string, count: number, parallelism: number, fails: boolean): batch.v1.Job {
  const command = ['sh', '-c', fails ? 'sleep 1; exit 1' : `sleep ${1 + (count % 4)}`]
  return {
    metadata: named(name),
    spec: {
      completions: count,
      parallelism,
      backoffLimit: fails ? 1 : 50,
      template: template(name, {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'work', command }],
      }),
    },
  }
}

/** Everything that stands from the beginning on. */
export async function makeWorkloads(client: Client): Promise<void> {
  const made = [
    deployment('rolling', 4),
    deployment('surging', 3, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } }),
    deployment('recreated', 2, { type: 'Recreate' }),
    {
      metadata: named(guarded),
      spec: {
        ...shared(guarded, guardedReplicas),
        template: template(guarded, { tolerations: [{ operator: 'Exists' }] }),
      },
    },
  ]
  for (const each of made) await client.resource(Deployment).create(each)
  for (const name of ['rolling', guarded]) await client.resource(Service).create(service(name))
  await client.resource(StatefulSet).create(statefulSet('ordered', 'OrderedReady'))
  await client.resource(StatefulSet).create(statefulSet('parallel', 'Parallel'))
  const selector = { matchLabels: { app: daemonSet } }
  await client.resource(DaemonSet).create({
    metadata: named(daemonSet),
    spec: { selector, template: template(daemonSet, { tolerations: [] }) },
  })
  await client.resource(PodDisruptionBudget).create({
    metadata: named(guarded),
    spec: { minAvailable: guardedLeast, selector: { matchLabels: { app: guarded } } },
  })
}
