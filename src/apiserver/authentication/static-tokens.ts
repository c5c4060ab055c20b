import type { Authentication } from '../authenticator.ts'
import type { UserInfo } from '../request.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

/** Fixed tokens (`--token-auth-file`): they have no audience, so they are for every one of the server's. */
export class StaticTokens implements TokenAuthenticator {
  readonly #users: ReadonlyMap<string, UserInfo>

  constructor(users: ReadonlyMap<string, UserInfo>) {
    this.#users = users
  }

  authenticateToken(token: string, audiences: readonly string[]): Authentication | undefined {
    const user = this.#users.get(token)
    return user === undefined ? undefined : { user, audiences }
  }

  /** From lines of `token,user,uid` with an optional quoted list of groups. Throws SyntaxError for others. */
  static parse(csv: string): StaticTokens {
    const users = new Map<string, UserInfo>()
    csv.split('\n').forEach((line, index) => {
      if (line.trim() === '' || line.startsWith('#')) return
      const fields = [...line.matchAll(/(?:^|,)\s*(?:"([^"]*)"|([^",]*))\s*(?=,|$)/g)]
      const [token = '', name = '', uid = '', groups = ''] = fields.map((field) => field[1] ?? field[2] ?? '')
      if (fields.length < 3 || token === '' || name === '') {
        throw new SyntaxError(
          `line ${index + 1} of the token file must have at least token, user name and user uid`,
        )
      }
      users.set(token, {
        name,
        uid,
        groups: groups === '' ? [] : groups.split(',').map((group) => group.trim()),
      })
    })
    return new StaticTokens(users)
  }
}
