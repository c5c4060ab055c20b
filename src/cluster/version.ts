import type { BuildInfo } from '../apiserver/discovery/version-endpoint.ts'

declare const TIMONEL_VERSION: string | undefined
declare const TIMONEL_BUILD_DATE: string | undefined

/** The Kubernetes that we are. */
export const kubernetesVersion = 'v1.36.2'

/** Of its API, as OpenAPI documents name it: `1.36`. */
export const apiVersion = kubernetesVersion.replace(/^v(\d+\.\d+)\..*/, '$1')

/** Our own; `dev` where the sources run without having been bundled. */
export const timonelVersion = typeof TIMONEL_VERSION === 'string' ? TIMONEL_VERSION : 'dev'

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

export function buildInfo(): BuildInfo {
  return {
    gitVersion: `${kubernetesVersion}+timonel-${timonelVersion}`,
    gitCommit: '',
    buildDate: typeof TIMONEL_BUILD_DATE === 'string' ? TIMONEL_BUILD_DATE : '1970-01-01T00:00:00Z',
    runtime: `node ${process.version}`,
    platform: `${process.platform}/${architectures[process.arch] ?? process.arch}`,
  }
}
