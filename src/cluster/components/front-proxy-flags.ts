import type { FrontProxyTrust } from '../../apiserver/authentication/front-proxy.ts'
import { list, path } from './flags/flag-types.ts'
import { FlagError, type FlagValues } from './flags/parse-flags.ts'
import { readFlagFile } from './read-pem.ts'

/**
 * Who speaks for others, and by which headers. `byDefault`: the usual ones count where none are given, as upstream has
 * it for what asks an API server who somebody is.
 */
export const frontProxyFlags = ({ byDefault }: { readonly byDefault: boolean }) => ({
  'requestheader-client-ca-file': path('Authority of front proxies, here and at extension API servers.'),
  'requestheader-allowed-names': list('Common names of front proxies; any where none is given.'),
  'requestheader-username-headers': list('Headers that name the user.', byDefault ? ['x-remote-user'] : []),
  'requestheader-uid-headers': list('Headers with the user’s UID.'),
  'requestheader-group-headers': list('Headers that name groups.', byDefault ? ['x-remote-group'] : []),
  'requestheader-extra-headers-prefix': list(
    'Prefixes of headers with extra information.',
    byDefault ? ['x-remote-extra-'] : [],
  ),
})

function checkHeaders(flags: FlagValues<ReturnType<typeof frontProxyFlags>>): void {
  const lists = [
    'username-headers',
    'uid-headers',
    'group-headers',
    'extra-headers-prefix',
    'allowed-names',
  ] as const
  for (const name of lists)
    if (flags[`requestheader-${name}`].some((each) => each.trim() === ''))
      throw new FlagError(`empty value in "requestheader-${name}"`)
  const uid = flags['requestheader-uid-headers']
  if (uid.length > 0 && !uid.some((header) => header.toLowerCase() === 'x-remote-uid'))
    throw new FlagError(
      '--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header - API aggregation will not work',
    )
}

/** Undefined where the flags name no authority. Throws FlagError. */
export function frontProxyTrust(
  flags: FlagValues<ReturnType<typeof frontProxyFlags>>,
): FrontProxyTrust | undefined {
  checkHeaders(flags)
  const authority = readFlagFile('requestheader-client-ca-file', flags['requestheader-client-ca-file'])
  if (authority === undefined) return undefined
  return {
    authority,
    allowedNames: flags['requestheader-allowed-names'],
    usernameHeaders: flags['requestheader-username-headers'],
    uidHeaders: flags['requestheader-uid-headers'],
    groupHeaders: flags['requestheader-group-headers'],
    extraHeaderPrefixes: flags['requestheader-extra-headers-prefix'],
  }
}
