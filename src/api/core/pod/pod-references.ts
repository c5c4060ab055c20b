import type { core } from '../../generated/types/index.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container
type Volume = core.v1.Volume

/** Sources of environment variables, whichever kind of container has them. */
function* environmentNames(
  container: Pick<Container, 'env' | 'envFrom'>,
  kind: 'secret' | 'configMap',
): Generator<string | undefined> {
  for (const { valueFrom } of container.env ?? []) {
    yield kind === 'secret' ? valueFrom?.secretKeyRef?.name : valueFrom?.configMapKeyRef?.name
  }
  for (const source of container.envFrom ?? []) {
    yield kind === 'secret' ? source.secretRef?.name : source.configMapRef?.name
  }
}

function* containersOf(pod: Pod): Generator<Pick<Container, 'env' | 'envFrom'>> {
  yield* pod.spec?.initContainers ?? []
  yield* pod.spec?.containers ?? []
  yield* pod.spec?.ephemeralContainers ?? []
}

function* volumeSecrets(volume: Volume): Generator<string | undefined> {
  yield volume.secret?.secretName
  for (const source of volume.projected?.sources ?? []) yield source.secret?.name
  yield volume.csi?.nodePublishSecretRef?.name
  for (const old of [
    volume.cephfs,
    volume.rbd,
    volume.iscsi,
    volume.flexVolume,
    volume.scaleIO,
    volume.storageos,
  ]) {
    yield old?.secretRef?.name
  }
  yield volume.azureFile?.secretName
}

function* volumeConfigMaps(volume: Volume): Generator<string | undefined> {
  yield volume.configMap?.name
  for (const source of volume.projected?.sources ?? []) yield source.configMap?.name
}

/** Names of the secrets that a pod's node has to read for it. */
export function* podSecretNames(pod: Pod): Generator<string | undefined> {
  for (const reference of pod.spec?.imagePullSecrets ?? []) yield reference.name
  for (const container of containersOf(pod)) yield* environmentNames(container, 'secret')
  for (const volume of pod.spec?.volumes ?? []) yield* volumeSecrets(volume)
}

export function* podConfigMapNames(pod: Pod): Generator<string | undefined> {
  for (const container of containersOf(pod)) yield* environmentNames(container, 'configMap')
  for (const volume of pod.spec?.volumes ?? []) yield* volumeConfigMaps(volume)
}

export function* podResourceClaimNames(pod: Pod): Generator<string | undefined> {
  for (const claim of pod.spec?.resourceClaims ?? []) {
    yield claim.resourceClaimName
    if (claim.resourceClaimTemplateName === undefined) continue
    yield pod.status?.resourceClaimStatuses?.find(({ name }) => name === claim.name)?.resourceClaimName
  }
  yield pod.status?.extendedResourceClaimStatus?.resourceClaimName
}
