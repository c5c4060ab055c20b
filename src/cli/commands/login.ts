import { homedir } from 'node:os'
import { join } from 'node:path'
import { execCredential, execInfo } from '../../cluster/login/client/exec-credential.ts'
import { getToken } from '../../cluster/login/client/get-token.ts'

export interface LoginOptions {
  readonly issuer: string
  readonly clientId: string
  readonly certificateAuthority?: string
  readonly username?: string
  readonly passwordFile?: string
  readonly directory?: string
  readonly port: number
  readonly cacheDir?: string
}

function passwordOf({ username, passwordFile, directory }: LoginOptions) {
  if (username === undefined && passwordFile === undefined) return {}
  if (username === undefined || passwordFile === undefined)
    throw new Error('--username and --password-file go together')
  return { password: { username, file: passwordFile, ...(directory === undefined ? {} : { directory }) } }
}

/** Prints a credential as kubectl reads it; what somebody has to know goes to standard error. */
export async function login(options: LoginOptions): Promise<void> {
  const { issuer, clientId, certificateAuthority, port, cacheDir } = options
  const info = execInfo(process.env.KUBERNETES_EXEC_INFO)
  const caches = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const tokens = await getToken({
    ...{ issuer, clientId, port },
    ...passwordOf(options),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    cacheFolder: cacheDir ?? join(caches, 'timonel', 'login'),
    interactive: info.interactive ?? true,
    show: (url) => process.stderr.write(`Log in here:\n\n  ${url}\n\n`),
  })
  process.stdout.write(`${JSON.stringify(execCredential(info.apiVersion, tokens))}\n`)
}
