import { readFileSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { userNamesFor, type WebhookCredentials } from '../../apiserver/webhooks/webhook-credentials.ts'
import { messageOf } from '../../base/message-of.ts'
import { inClusterToken } from '../../client/https/in-cluster-token.ts'
import { type KubeconfigUser, parseKubeconfigUsers } from '../../client/https/kubeconfig.ts'
import { type Fields, textOf } from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'

/** The API server's own service. */
const ownName = 'kubernetes.default.svc'
const ownPort = 443

function usersOf(file: string): ReturnType<typeof parseKubeconfigUsers> {
  try {
    return parseKubeconfigUsers(readFileSync(file, 'utf8'), dirname(file))
  } catch (error) {
    throw new FlagError(`${usersField}: ${messageOf(error)}`, { cause: error })
  }
}

function shownBy({ clientCertificate, clientKey, token }: KubeconfigUser): ReturnType<WebhookCredentials> {
  const bearer = typeof token === 'function' ? token() : token
  return {
    ...(clientCertificate === undefined || clientKey === undefined
      ? {}
      : { certificate: { certificatePem: clientCertificate, keyPem: clientKey } }),
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  }
}

/** The field of the plugins' configuration. */
export const usersField = 'kubeConfigFile'

/** As whom webhooks are asked: users of the kubeconfig that the plugins of admission webhooks are told of, by the webhooks' names. Throws FlagError. */
export function webhookUsers(fields: Fields): WebhookCredentials | undefined {
  const path = textOf(fields, usersField) ?? ''
  if (path === '') return undefined
  if (!isAbsolute(path))
    throw new FlagError(
      `${usersField}: Invalid value: ${JSON.stringify(path)}: must be an absolute file path`,
    )
  const { users, current } = usersOf(path)
  return (name, port) => {
    const own = userNamesFor(name, port).find((each) => users.has(each))
    // Of a server that runs in a pod: it shows itself and those behind it its own token, unless something is said of it.
    if (name === ownName && port === ownPort && (own === undefined || own === '*')) {
      const token = inClusterToken()
      if (token !== undefined) return shownBy({ token })
    }
    const found = own ?? current
    const user = found === undefined ? undefined : users.get(found)
    return user === undefined ? undefined : shownBy(user)
  }
}
