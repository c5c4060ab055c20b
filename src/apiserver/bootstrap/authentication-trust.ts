import { ConfigMap } from '../../api/core/config-map/kind.ts'
import type { FrontProxyTrust } from '../authentication/front-proxy.ts'
import { type BootstrapContext, ensure } from './ensure.ts'

export interface AuthenticationTrust {
  /** PEM of the authority of client certificates. */
  readonly clientAuthority?: string
  readonly frontProxy?: FrontProxyTrust
}

function frontProxyData(proxy: FrontProxyTrust): Readonly<Record<string, string>> {
  return {
    'requestheader-allowed-names': JSON.stringify(proxy.allowedNames),
    'requestheader-client-ca-file': proxy.authority,
    'requestheader-extra-headers-prefix': JSON.stringify(proxy.extraHeaderPrefixes),
    'requestheader-group-headers': JSON.stringify(proxy.groupHeaders),
    'requestheader-uid-headers': JSON.stringify(proxy.uidHeaders),
    'requestheader-username-headers': JSON.stringify(proxy.usernameHeaders),
  }
}

/** What extension API servers need to know callers as this one does (`kube-system/extension-apiserver-authentication`). */
export async function ensureAuthenticationTrust(
  context: BootstrapContext,
  { clientAuthority, frontProxy }: AuthenticationTrust,
): Promise<void> {
  const data: Readonly<Record<string, string>> = {
    ...(clientAuthority === undefined ? {} : { 'client-ca-file': clientAuthority }),
    ...(frontProxy === undefined ? {} : frontProxyData(frontProxy)),
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
