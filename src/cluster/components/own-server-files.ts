import type { ApiServerFiles } from '../api-server-files.ts'
import type { ServeApiOptions } from '../control-plane/serve-api.ts'
import { apiServerFlags } from './api-server-flags.ts'
import { fileOptions } from './api-server-options.ts'
import { parseFlags } from './flags/parse-flags.ts'

/** Of a cluster's own server, where no file says otherwise. */
const ownFlags = ['--authorization-mode=Node,RBAC', '--enable-bootstrap-token-auth']

/**
 * What files say of a cluster's own API server, as the same flags say it of `timonel apiserver`. `issuer`: of service
 * accounts, whose tokens no file may claim. Throws FlagError in upstream's words.
 */
export function ownServerFiles(
  files: ApiServerFiles,
  issuer: string,
): Pick<ServeApiOptions, 'access' | 'admissionConfiguration' | 'encryption' | 'audit'> {
  const own = files['authorization-config'] === undefined ? ownFlags : ownFlags.slice(1)
  const follow =
    files['encryption-provider-config'] === undefined ? [] : ['--encryption-provider-config-automatic-reload']
  const parsed = parseFlags('kube-apiserver', apiServerFlags, [
    ...own,
    ...follow,
    `--service-account-issuer=${issuer}`,
    ...Object.entries(files).map(([flag, file]) => `--${flag}=${file}`),
  ])
  if (parsed.type !== 'run') throw new Error(`files of an API server were taken for ${parsed.type}`)
  return fileOptions(parsed.values, parsed.given)
}
