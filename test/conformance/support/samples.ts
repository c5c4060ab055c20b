/** Small valid objects, without metadata. */
const container = { name: 'c', image: 'registry.test/web:1' }
export const podSpec = { containers: [container], terminationGracePeriodSeconds: 0 }
export const template = (app: string) => ({ metadata: { labels: { app } }, spec: podSpec })
export const workload = (app: string, replicas: number) => ({
  replicas,
  selector: { matchLabels: { app } },
  template: template(app),
})
export const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'Test',
  message: 'set by a test',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})

const policy = {
  matchConstraints: {
    resourceRules: [
      { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] },
    ],
  },
}

export const validatingPolicy = {
  spec: { ...policy, validations: [{ expression: 'object.spec.replicas <= 5' }] },
}
export const mutatingPolicy = {
  spec: {
    ...policy,
    reinvocationPolicy: 'Never',
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' },
      },
    ],
  },
}
export const ingress = {
  spec: {
    rules: [
      {
        host: 'foo.test',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } },
          ],
        },
      },
    ],
  },
}
export const resourceClaim = {
  spec: { devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'class.test' } }] } },
}

interface ContainerJson {
  readonly image?: string
  readonly resources?: object
  readonly volumeMounts?: readonly { readonly mountPath: string }[]
}

/** A pod's first container. */
export function firstContainer(pod: { readonly spec?: Readonly<Record<string, unknown>> }): ContainerJson {
  const containers = (pod.spec?.containers ?? []) as readonly ContainerJson[]
  return containers[0] ?? {}
}
