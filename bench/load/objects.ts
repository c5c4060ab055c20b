import type { core } from '../../src/api/generated/types/index.ts'

const oneKiB = 'x'.repeat(1024)

export const configMap = (
  namespace: string,
  name: string,
  extra: Record<string, string> = {},
): core.v1.ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { data: oneKiB, ...extra },
})

const environment = Array.from({ length: 40 }, (_, index) => ({
  name: `VARIABLE_${index}`,
  value: 'v'.repeat(40),
}))

/** 4 KiB, one of a hundred labels, and a node selector that no node fits, so that only the API server works on it. */
export const largePod = (namespace: string, index: number): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${index}`, namespace, labels: { app: `app-${index % 100}` } },
  spec: {
    nodeSelector: { 'bench.timonel.io/fits': 'nothing' },
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: 'none',
        env: environment,
        resources: { requests: { cpu: '10m', memory: '10Mi' } },
      },
    ],
  },
})

/** Half a KiB, as watchers get them. */
export const secret = (namespace: string, name: string): core.v1.Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  stringData: { value: 'y'.repeat(512) },
})

export const namespaceNamed = (name: string): core.v1.Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
})
