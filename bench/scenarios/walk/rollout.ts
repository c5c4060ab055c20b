import { performance } from 'node:perf_hooks'
import type { apps } from '../../../src/api/generated/types/index.ts'
import type { Connection } from '../../load/connection.ts'
import { waitFor, waitForNoPods, waitForReadyPods } from '../../load/wait-for.ts'
import { deployment } from '../../load/workloads.ts'
import type { Report } from '../../report.ts'
import { benchImage } from '../../server/containers.ts'

const namespace = 'default'
const name = 'rollout'
const replicas = 10
const path = `/apis/apps/v1/namespaces/${namespace}/deployments`

/** As `kubectl rollout status` judges it. */
function isRolledOut(object: apps.v1.Deployment, generation: number): boolean {
  const { metadata, status } = object
  return (
    metadata?.name === name &&
    (status?.observedGeneration ?? 0) >= generation &&
    status?.updatedReplicas === replicas &&
    status?.replicas === replicas &&
    status?.availableReplicas === replicas
  )
}

/** A rolling update of ten pods, from the change until only new pods are there and available. */
export async function rollout(connection: Connection, report: Report): Promise<void> {
  await connection.expect({ method: 'POST', path, body: deployment(namespace, name, replicas, benchImage) })
  await waitForReadyPods(connection, namespace, `app=${name}`, replicas)
  const startMs = performance.now()
  const changed = await connection.ask<apps.v1.Deployment>({
    method: 'PATCH',
    path: `${path}/${name}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { template: { metadata: { annotations: { changed: 'yes' } } } } },
  })
  const generation = changed.metadata?.generation ?? 0
  await waitFor<apps.v1.Deployment>(connection, path, (object) => isRolledOut(object, generation))
  report.extra('rollout of 10', 'ms', performance.now() - startMs)
  await connection.expect({ method: 'DELETE', path: `${path}/${name}` })
  await waitForNoPods(connection, namespace, `app=${name}`)
}
