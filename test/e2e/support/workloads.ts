import type { apps } from '../../../src/api/generated/types/index.ts'

/** Of pods labelled `app: NAME`, in the namespace `default`. */
export const deployment = (name: string, replicas: number): apps.v1.Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'web' }] } },
  },
})
