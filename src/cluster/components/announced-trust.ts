import { ConfigMap } from '../../api/core/config-map/kind.ts'
import type { AuthenticationTrust } from '../../apiserver/bootstrap/authentication-trust.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Client } from '../../client/client.ts'

const name = 'extension-apiserver-authentication'

/** A list in JSON; none where there is no text. Throws an Error with the key for what is none. */
function listOf(data: Readonly<Record<string, string>>, key: string): readonly string[] {
  const text = data[key] ?? ''
  if (text === '') return []
  const parsed: unknown = JSON.parse(text)
  if (!Array.isArray(parsed)) throw new Error(`${key} in ${name} is no list`)
  return parsed.map(String)
}

/**
 * What an API server tells others of who counts there, as `ensureAuthenticationTrust()` has written it. Rejects where
 * it cannot be read; the error's cause is the answer's.
 */
export async function announcedTrust(client: Client): Promise<AuthenticationTrust> {
  try {
    const { data = {} } = await client.resource(ConfigMap).get('kube-system', name)
    const clientAuthority = data['client-ca-file'] ?? ''
    const authority = data['requestheader-client-ca-file'] ?? ''
    return {
      ...(clientAuthority === '' ? {} : { clientAuthority }),
      ...(authority === ''
        ? {}
        : {
            frontProxy: {
              authority,
              allowedNames: listOf(data, 'requestheader-allowed-names'),
              usernameHeaders: listOf(data, 'requestheader-username-headers'),
              uidHeaders: listOf(data, 'requestheader-uid-headers'),
              groupHeaders: listOf(data, 'requestheader-group-headers'),
              extraHeaderPrefixes: listOf(data, 'requestheader-extra-headers-prefix'),
            },
          }),
    }
  } catch (error) {
    throw new Error(`Unable to get configmap/${name} in kube-system: ${messageOf(error)}`, { cause: error })
  }
}
