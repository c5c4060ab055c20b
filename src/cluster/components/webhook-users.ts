import { readFileSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { userNamesFor, type WebhookCredentials } from '../../apiserver/webhooks/webhook-credentials.ts'
import { messageOf } from '../../base/message-of.ts'
import { inClusterToken } from '../../client/https/in-cluster-token.ts'
import { type KubeconfigUser, parseKubeconfigUsers } from '../../client/https/kubeconfig.ts'
import { configObject, textOf } from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'

const kinds = [
  ['apiserver.config.k8s.io/v1', 'WebhookAdmissionConfiguration'],
  ['apiserver.config.k8s.io/v1alpha1', 'WebhookAdmission'],
] as const

/** The API server's own service. */
const ownName = 'kubernetes.default.svc'
const ownPort = 443

function usersOf(file: string): ReturnType<typeof parseKubeconfigUsers> {
  try {
    return parseKubeconfigUsers(readFileSync(file, 'utf8'), dirname(file))
  } catch (error) {
    throw new FlagError(`kubeConfigFile: ${messageOf(error)}`, { cause: error })
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

/** What the plugins of admission webhooks are told: a kubeconfig with the users as whom webhooks are asked, by the webhooks' names. Throws FlagError. */
export function webhookUsers(value: unknown, file: string): WebhookCredentials | undefined {
  const version = typeof value === 'object' && value !== null ? Reflect.get(value, 'apiVersion') : undefined
  const kind = kinds.find(([each]) => each === version) ?? kinds[0]
  const path = textOf(configObject(value, file, kind, ['kubeConfigFile']), 'kubeConfigFile') ?? ''
  if (path === '') return undefined
  if (!isAbsolute(path))
    throw new FlagError(
      `kubeConfigFile: Invalid value: ${JSON.stringify(path)}: must be an absolute file path`,
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
