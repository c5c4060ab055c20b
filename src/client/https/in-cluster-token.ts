import { existsSync, readFileSync } from 'node:fs'

/** What a pod's service account is known by, as the kubelet puts it into containers. */
export interface InClusterPlace {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
}

const usualFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The token of the pod that this program runs in, as its file holds it now; undefined outside of a pod (client-go's `InClusterConfig`). */
export function inClusterToken(
  { environment, folder }: InClusterPlace = { environment: process.env, folder: usualFolder },
): string | undefined {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = environment
  const file = `${folder}/token`
  return host === '' || port === '' || !existsSync(file) ? undefined : readFileSync(file, 'utf8').trim()
}
