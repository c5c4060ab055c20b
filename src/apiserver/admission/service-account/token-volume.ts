import type { core } from '../../../api/generated/types/index.ts'

type Container = core.v1.Container
type PodSpec = core.v1.PodSpec

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
/** An hour, and seven seconds by which the token request knows an injected one. */
const tokenLifeSeconds = 3607

const tokenVolume = (name: string): core.v1.Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: tokenLifeSeconds, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
})

const mounted = (container: Container): boolean =>
  container.volumeMounts?.some((mount) => mount.mountPath === mountPath) === true

/**
 * The spec with the service account's token, the cluster's certificate and the namespace mounted in every
 * container that has nothing of its own in their place. `generateName` ends the volume's name.
 */
export function withTokenVolume(spec: PodSpec, generateName: (prefix: string) => string): PodSpec {
  const present = spec.volumes?.find(({ name }) => name.startsWith(volumePrefix))
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  if (all.every(mounted)) return spec
  const name = present?.name ?? generateName(volumePrefix)
  const mount = (container: Container): Container =>
    mounted(container)
      ? container
      : {
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }],
        }
  return {
    ...spec,
    ...(present === undefined ? { volumes: [...(spec.volumes ?? []), tokenVolume(name)] } : {}),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(mount) }),
    containers: spec.containers.map(mount),
  }
}
