import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { type BootstrapContext, ensure } from './ensure.ts'

export interface AuthenticationTrust {
  /** PEM of the authority of client certificates. */
  readonly clientAuthority: string
  /** PEM of the authority of front proxies. */
  readonly frontProxyAuthority: string
}

/** What extension API servers need to know callers as this one does (`kube-system/extension-apiserver-authentication`). */
export async function ensureAuthenticationTrust(
  context: BootstrapContext,
  trust: AuthenticationTrust,
): Promise<void> {
  const data = {
    'client-ca-file': trust.clientAuthority,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': trust.frontProxyAuthority,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  }
  await ensure(context, {
    kind: ConfigMap,
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'extension-apiserver-authentication' },
      data,
    },
    repair: (present) =>
      Object.entries(data).every(([key, value]) => present.data?.[key] === value)
        ? undefined
        : { ...present, data: { ...present.data, ...data } },
  })
}
