import type { apps, batch, core } from '../../src/api/generated/types/index.ts'

/** A pod that runs until it is deleted, and goes at once then. */
export const smallPod = (namespace: string, name: string, image: string): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }] },
})

/** Labelled `app=NAME`. */
export const deployment = (
  namespace: string,
  name: string,
  replicas: number,
  image: string,
): apps.v1.Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }] },
    },
  },
})

/** All pods run at once, and end as soon as they do. */
export const job = (namespace: string, name: string, pods: number, image: string): batch.v1.Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace },
  spec: {
    completions: pods,
    parallelism: pods,
    template: {
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image, command: ['true'] }] },
    },
  },
})

/** A headless Service over the pods labelled `app=NAME`: DNS answers with their addresses. */
export const headlessService = (namespace: string, name: string): core.v1.Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { clusterIP: 'None', selector: { app: name }, ports: [{ port: 80 }] },
})
