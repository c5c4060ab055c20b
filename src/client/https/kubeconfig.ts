import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { defined } from '../../base/defined.ts'

/** What a context of a kubeconfig says about a server and a user. Certificates and keys are PEM. */
export interface KubeconfigContext {
  readonly server: string
  readonly namespace: string
  readonly certificateAuthority?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  /** Both as their files hold them now, where the configuration names files. */
  readonly clientIdentity?: () => { readonly certificate: string; readonly key: string }
  /** Read anew each time where the configuration names a file. */
  readonly token?: string | (() => string)
  readonly tlsServerName?: string
  readonly insecureSkipTlsVerify?: boolean
}

export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The entry called `name` of `clusters`, `users` or `contexts`. */
function entryOf(config: Fields, list: string, part: string, name: string): Fields {
  const entries = config[list]
  const entry = (Array.isArray(entries) ? entries : []).find((item) => fieldsOf(item).name === name)
  if (entry === undefined) throw new KubeconfigError(`the kubeconfig has no ${part} "${name}"`)
  return fieldsOf(fieldsOf(entry)[part])
}

/** PEM inside the configuration, base64, or in a file beside it. */
function pemOf(fields: Fields, name: string, directory: string): string | undefined {
  const data = textOf(fields, `${name}-data`)
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  const file = textOf(fields, name)
  return file === undefined ? undefined : readFileSync(resolve(directory, file), 'utf8')
}

/** A certificate and its key that are in files, which somebody may renew. */
function identityOf(user: Fields, directory: string): KubeconfigContext['clientIdentity'] {
  const [certificate, key] = ['client-certificate', 'client-key'].map((name) =>
    textOf(user, `${name}-data`) === undefined ? textOf(user, name) : undefined,
  )
  if (certificate === undefined || key === undefined) return undefined
  const read = (file: string): string => readFileSync(resolve(directory, file), 'utf8')
  return () => ({ certificate: read(certificate), key: read(key) })
}

/** Ways to authenticate that are not here. */
const unsupported = ['exec', 'auth-provider', 'username', 'password']

function tokenOf(user: Fields, directory: string): string | (() => string) | undefined {
  const missing = unsupported.find((name) => user[name] !== undefined)
  if (missing !== undefined) {
    throw new KubeconfigError(
      `the kubeconfig's user authenticates by "${missing}", which is not supported: use a client certificate, "token" or "tokenFile"`,
    )
  }
  const file = textOf(user, 'tokenFile')
  if (file === undefined) return textOf(user, 'token')
  const path = resolve(directory, file)
  return () => readFileSync(path, 'utf8').trim()
}

/**
 * Reads a kubeconfig (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). `context` is the
 * current one where absent; files that it names are relative to `directory`. Throws KubeconfigError.
 */
export function parseKubeconfig(text: string, directory: string, context?: string): KubeconfigContext {
  const config: unknown = parse(text)
  if (!isFields(config)) throw new KubeconfigError('the kubeconfig is empty, or no YAML of a Config')
  const name = context ?? textOf(config, 'current-context')
  if (name === undefined) throw new KubeconfigError('the kubeconfig has no current-context')
  const chosen = entryOf(config, 'contexts', 'context', name)
  const cluster = entryOf(config, 'clusters', 'cluster', textOf(chosen, 'cluster') ?? '')
  const userName = textOf(chosen, 'user')
  const user = userName === undefined ? {} : entryOf(config, 'users', 'user', userName)
  const server = textOf(cluster, 'server')
  if (server === undefined) throw new KubeconfigError(`the cluster of context "${name}" has no server`)
  return defined({
    server,
    namespace: textOf(chosen, 'namespace') ?? 'default',
    certificateAuthority: pemOf(cluster, 'certificate-authority', directory),
    clientCertificate: pemOf(user, 'client-certificate', directory),
    clientKey: pemOf(user, 'client-key', directory),
    clientIdentity: identityOf(user, directory),
    token: tokenOf(user, directory),
    tlsServerName: textOf(cluster, 'tls-server-name'),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true ? true : undefined,
  })
}

/** What a kubeconfig's user shows. Certificate and key are PEM. */
export interface KubeconfigUser {
  readonly clientCertificate?: string
  readonly clientKey?: string
  /** Read anew each time where the configuration names a file. */
  readonly token?: string | (() => string)
}

/** All users of a kubeconfig by their names, and which of them is the current context's. Throws KubeconfigError. */
export function parseKubeconfigUsers(
  text: string,
  directory: string,
): { readonly users: ReadonlyMap<string, KubeconfigUser>; readonly current: string | undefined } {
  const config = fieldsOf(parse(text))
  const users = (Array.isArray(config.users) ? config.users : []).map((item) => {
    const user = fieldsOf(fieldsOf(item).user)
    const shown: KubeconfigUser = defined({
      clientCertificate: pemOf(user, 'client-certificate', directory),
      clientKey: pemOf(user, 'client-key', directory),
      token: tokenOf(user, directory),
    })
    return [textOf(fieldsOf(item), 'name') ?? '', shown] as const
  })
  const contexts = Array.isArray(config.contexts) ? config.contexts.map(fieldsOf) : []
  const context = contexts.find(({ name }) => name === textOf(config, 'current-context'))
  return { users: new Map(users), current: textOf(fieldsOf(context?.context), 'user') }
}

/** Reads a kubeconfig's file. */
export const loadKubeconfig = (file: string, context?: string): KubeconfigContext =>
  parseKubeconfig(readFileSync(file, 'utf8'), dirname(file), context)
