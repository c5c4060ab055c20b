import { goQuote } from '../../../../apimachinery/go-text.ts'
import type { core } from '../../../generated/types/index.ts'

/** A file that a volume gets, and from which of a projected volume's sources. */
interface File {
  readonly path: string
  readonly source: string
}

const shown = ({ path, source }: File): string =>
  source === '' ? goQuote(path) : `${goQuote(path)} (${source})`

const filesOf = (items: readonly { readonly path: string }[] | undefined, source: string): readonly File[] =>
  (items ?? []).map(({ path }) => ({ path: path.replace(/\/+$/, ''), source }))

/** One file where another is, or below it. */
function collide(one: File, other: File): boolean {
  if (one.path === '' || other.path === '') return false
  return `${one.path}/`.startsWith(`${other.path}/`) || `${other.path}/`.startsWith(`${one.path}/`)
}

function projectedFiles(source: core.v1.VolumeProjection): readonly File[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (configMap?.items !== undefined)
    return filesOf(configMap.items, `ConfigMap ${goQuote(configMap.name ?? '')}`)
  if (secret?.items !== undefined) return filesOf(secret.items, `Secret ${goQuote(secret.name ?? '')}`)
  if (downwardAPI?.items !== undefined) return filesOf(downwardAPI.items, 'DownwardAPI')
  if (serviceAccountToken !== undefined) return filesOf([serviceAccountToken], 'ServiceAccountToken')
  if (clusterTrustBundle !== undefined) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? ''
    return filesOf([clusterTrustBundle], `ClusterTrustBundle ${goQuote(name)}`)
  }
  const { certificateChainPath = '', keyPath = '', credentialBundlePath = '' } = podCertificate ?? {}
  const parts = [
    { path: certificateChainPath, source: 'PodCertificate chain' },
    { path: keyPath, source: 'PodCertificate key' },
    { path: credentialBundlePath, source: 'PodCertificate credential bundle' },
  ]
  return parts.filter(({ path }) => path !== '').flatMap((part) => filesOf([part], part.source))
}

function describe(volume: core.v1.Volume): { readonly kind: string; readonly files: readonly File[] } {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap !== undefined)
    return { kind: `ConfigMap ${goQuote(configMap.name ?? '')}`, files: filesOf(configMap.items, '') }
  if (secret !== undefined)
    return { kind: `Secret ${goQuote(secret.secretName ?? '')}`, files: filesOf(secret.items, '') }
  if (downwardAPI !== undefined) return { kind: 'DownwardAPI', files: filesOf(downwardAPI.items, '') }
  return { kind: 'Projected', files: (projected?.sources ?? []).flatMap(projectedFiles) }
}

/** Two things of a volume under one path: only one can be there. */
export function overlapWarnings(volumes: readonly core.v1.Volume[], warnings: string[]): void {
  for (const volume of volumes) {
    for (const source of volume.projected?.sources ?? [])
      if (Object.keys(source).length === 0)
        warnings.push(`volume ${goQuote(volume.name)} (Projected) has no sources provided`)
    const { kind, files } = describe(volume)
    files.forEach((file, index) => {
      for (const other of files.slice(0, index)) {
        if (!collide(file, other)) continue
        const detail = `overlapping paths: ${shown(file)} with ${shown(other)}`
        warnings.push(`volume ${goQuote(volume.name)} (${kind}): ${detail}`)
      }
    })
  }
}
