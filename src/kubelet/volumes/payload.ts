import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../api/generated/types/index.ts'
import { decodeBase64 } from '../../base/base64.ts'
import type { ReferencedObjects } from '../environment/environment.ts'
import { fieldValue, type PodPlace, resourceValue } from '../environment/field-reference.ts'
import type { CredentialBundle } from '../pod-certificates/credential.ts'

type Pod = core.v1.Pod

export interface PayloadFile {
  readonly content: Uint8Array
  readonly mode: number
  /** Who owns it, where it must be somebody else than the volume's owner. */
  readonly uid?: number
}

/** Relative paths → files, as they show in the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>

/** Gets a token for a pod's service account (TokenRequest API). */
export type TokenSource = (pod: Pod, projection: core.v1.ServiceAccountTokenProjection) => Promise<string>

export interface PayloadInput {
  readonly pod: Pod
  readonly objects: ReferencedObjects
  readonly place: PodPlace
  readonly token: TokenSource
  /** PEM. Rejects with upstream's text. */
  readonly trustAnchors: (projection: core.v1.ClusterTrustBundleProjection) => Promise<string>
  /** Of one podCertificate source of the pod. Throws with upstream's text. */
  readonly credentials: (pod: Pod, volume: string, source: number) => CredentialBundle
}

/** Upstream's default modes. */
const defaultMode = 0o644
const tokenMode = 0o600

const encoder = new TextEncoder()

interface KeyedSource {
  /** How messages name it. */
  readonly what: 'configmap' | 'secret'
  readonly name: string
  readonly optional: boolean
  readonly items: readonly core.v1.KeyToPath[] | undefined
  readonly mode: number
}

/** The files of a configMap, secret, downwardAPI or projected volume; undefined for volumes of other types. Rejects with upstream's texts. */
export async function volumePayload(
  input: PayloadInput,
  volume: core.v1.Volume,
): Promise<Payload | undefined> {
  const files = new Map<string, PayloadFile>()
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap !== undefined) {
    await addKeyed(input, files, {
      what: 'configmap',
      name: configMap.name ?? '',
      optional: configMap.optional ?? false,
      items: configMap.items,
      mode: configMap.defaultMode ?? defaultMode,
    })
  } else if (secret !== undefined) {
    await addKeyed(input, files, {
      what: 'secret',
      name: secret.secretName ?? '',
      optional: secret.optional ?? false,
      items: secret.items,
      mode: secret.defaultMode ?? defaultMode,
    })
  } else if (downwardAPI !== undefined) {
    addDownward(input, files, downwardAPI.items ?? [], downwardAPI.defaultMode ?? defaultMode)
  } else if (projected !== undefined) await addProjected(input, files, volume.name, projected)
  else return undefined
  for (const path of files.keys()) checkPath(path)
  return files
}

async function addKeyed(
  input: PayloadInput,
  files: Map<string, PayloadFile>,
  source: KeyedSource,
): Promise<void> {
  const { what, name, optional, items, mode } = source
  const data = await readKeyed(input, source)
  if (data === undefined) {
    if (optional) return
    throw new Error(`${what} "${name}" not found`)
  }
  if (items === undefined || items.length === 0) {
    for (const [key, content] of data) files.set(key, { content, mode })
    return
  }
  for (const item of items) {
    const content = data.get(item.key)
    if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode })
    else if (!optional) {
      throw new Error(
        what === 'configmap'
          ? `configmap references non-existent config key: ${item.key}`
          : `references non-existent secret key: ${item.key}`,
      )
    }
  }
}

async function readKeyed(
  { pod, objects }: PayloadInput,
  { what, name }: KeyedSource,
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  const namespace = pod.metadata?.namespace ?? ''
  if (what === 'configmap') {
    const map = await objects.configMap(namespace, name)
    if (map === undefined) return undefined
    return new Map([
      ...Object.entries(map.data ?? {}).map(([key, text]) => [key, encoder.encode(text)] as const),
      ...Object.entries(map.binaryData ?? {}).map(([key, text]) => [key, decodeBase64(text)] as const),
    ])
  }
  const secret = await objects.secret(namespace, name)
  if (secret === undefined) return undefined
  return new Map(Object.entries(secret.data ?? {}).map(([key, text]) => [key, decodeBase64(text)]))
}

function addDownward(
  { pod, place }: PayloadInput,
  files: Map<string, PayloadFile>,
  items: readonly core.v1.DownwardAPIVolumeFile[],
  mode: number,
): void {
  for (const item of items) {
    const text =
      item.fieldRef !== undefined
        ? fieldValue(pod, item.fieldRef.fieldPath, place)
        : item.resourceFieldRef !== undefined
          ? resourceValue(item.resourceFieldRef, pod, undefined, place)
          : ''
    files.set(item.path, { content: encoder.encode(text), mode: item.mode ?? mode })
  }
}

async function addProjected(
  input: PayloadInput,
  files: Map<string, PayloadFile>,
  volume: string,
  projected: core.v1.ProjectedVolumeSource,
): Promise<void> {
  const mode = projected.defaultMode ?? defaultMode
  for (const [index, source] of (projected.sources ?? []).entries()) {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source
    if (configMap !== undefined) {
      const { name = '', optional = false, items } = configMap
      await addKeyed(input, files, { what: 'configmap', name, optional, items, mode })
    }
    if (secret !== undefined) {
      const { name = '', optional = false, items } = secret
      await addKeyed(input, files, { what: 'secret', name, optional, items, mode })
    }
    if (downwardAPI !== undefined) addDownward(input, files, downwardAPI.items ?? [], mode)
    if (serviceAccountToken !== undefined) {
      const token = await input.token(input.pod, serviceAccountToken)
      files.set(serviceAccountToken.path, {
        content: encoder.encode(token),
        ...tokenOwnership(input.pod, mode),
      })
    }
    if (source.clusterTrustBundle !== undefined) {
      const anchors = await input.trustAnchors(source.clusterTrustBundle)
      files.set(source.clusterTrustBundle.path, {
        content: encoder.encode(anchors),
        ...tokenOwnership(input.pod, mode),
      })
    }
    if (source.podCertificate !== undefined) {
      const { credentialBundlePath, keyPath, certificateChainPath } = source.podCertificate
      const { key, chain } = input.credentials(input.pod, volume, index)
      const ownership = tokenOwnership(input.pod, mode)
      const add = (path: string | undefined, text: string): void => {
        if (path) files.set(path, { content: encoder.encode(text), ...ownership })
      }
      add(credentialBundlePath, key + chain)
      add(keyPath, key)
      add(certificateChainPath, chain)
    }
  }
}

/** Readable by the one user that all containers run as, and by the volumes' group; else by whom the volume says. */
function tokenOwnership(pod: Pod, mode: number): { readonly mode: number; readonly uid?: number } {
  const { fsGroup, runAsUser: podUser } = pod.spec?.securityContext ?? {}
  const users = new Set(
    initAndMainContainers(pod.spec).map((container) => container.securityContext?.runAsUser ?? podUser),
  )
  const [only] = users
  if (users.size === 1 && only !== undefined) return { mode: tokenMode, uid: only }
  return { mode: fsGroup === undefined ? mode : tokenMode }
}

const maxPathLength = 4096

/** Nothing may leave the volume. */
function checkPath(path: string): void {
  if (path === '') throw new Error('invalid path: must not be empty')
  if (path.length > maxPathLength)
    throw new Error(`invalid path: must be less than or equal to ${maxPathLength} characters`)
  if (path.startsWith('/')) throw new Error(`invalid path: must be relative path: ${path}`)
  const parts = path.split('/')
  if (parts.includes('..')) throw new Error(`invalid path: must not contain '..': ${path}`)
  if (parts[0]?.startsWith('..') === true) throw new Error(`invalid path: must not start with '..': ${path}`)
}
