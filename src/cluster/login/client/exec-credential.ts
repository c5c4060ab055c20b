import { isRecord } from '../../../base/is-record.ts'
import type { GivenTokens } from './issuer-client.ts'

const group = 'client.authentication.k8s.io'

/** What kubectl says to the program that it runs for a credential (`KUBERNETES_EXEC_INFO`). */
export function execInfo(text: string | undefined): {
  readonly apiVersion: string
  readonly interactive?: boolean
} {
  const info: unknown = text === undefined || text === '' ? {} : JSON.parse(text)
  const { apiVersion, spec } = isRecord(info) ? info : {}
  const interactive = isRecord(spec) ? spec.interactive : undefined
  return {
    apiVersion:
      typeof apiVersion === 'string' && apiVersion.startsWith(`${group}/`) ? apiVersion : `${group}/v1`,
    ...(typeof interactive === 'boolean' ? { interactive } : {}),
  }
}

/** The answer to it: an ExecCredential. */
export const execCredential = (apiVersion: string, { idToken, expiresMs }: GivenTokens): object => ({
  apiVersion,
  kind: 'ExecCredential',
  status: { token: idToken, expirationTimestamp: new Date(expiresMs).toISOString().replace(/\.\d+Z$/, 'Z') },
})
