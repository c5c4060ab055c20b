import type { Authentication } from '../authenticator.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

/** The fields of a line of CSV (RFC 4180); quotes may hold commas. */
function fieldsOf(line: string): readonly string[] {
  const fields: string[] = []
  let rest: string | undefined = line
  while (rest !== undefined) {
    const [all = '', quoted, plain]: readonly (string | undefined)[] =
      /^\s*(?:"((?:[^"]|"")*)"|([^,]*))/.exec(rest) ?? []
    fields.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    rest = rest[all.length] === ',' ? rest.slice(all.length + 1) : undefined
  }
  return fields
}

/**
 * Tokens of a file with lines `token,user,uid[,"group,group"]`
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file).
 */
export class StaticTokens implements TokenAuthenticator {
  readonly #users = new Map<string, Authentication>()

  /** `name`: of the file, for errors. Throws an Error that names the line. */
  constructor(name: string, text: string) {
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '') continue
      const [token = '', user, uid, groups = ''] = fieldsOf(line)
      if (user === undefined || uid === undefined) {
        throw new Error(
          `token file ${JSON.stringify(name)} must have at least 3 columns (token, user name, user uid), found ${fieldsOf(line).length} in line ${index + 1}`,
        )
      }
      // Upstream passes over lines without a token.
      if (token === '') continue
      this.#users.set(token, { user: { name: user, uid, groups: groups === '' ? [] : groups.split(',') } })
    }
  }

  authenticateToken(token: string): Authentication | undefined {
    return this.#users.get(token)
  }
}
