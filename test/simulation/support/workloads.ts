import type { apps, core } from '../../../src/cluster/index.ts'

/** Pods labelled `app: NAME`, each asking for a tenth of a processor. */
export const deployment = (name: string, replicas: number): apps.v1.Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          { name: 'main', image: 'registry.test/web:1', resources: { requests: { cpu: '100m' } } },
        ],
      },
    },
  },
})

export const service = (name: string): core.v1.Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { selector: { app: name }, ports: [{ port: 80 }] },
})

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/** A condition's status: `True`, `False`, `Unknown`; undefined where there is none. */
export const conditionOf = (object: Conditioned, type: string): string | undefined =>
  object.status?.conditions?.find((condition) => condition.type === type)?.status

export const isReady = (object: Conditioned): boolean => conditionOf(object, 'Ready') === 'True'
