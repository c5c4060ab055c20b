import type { Logger } from '../../base/logger.ts'
import { DirectoryError, type Person, type RedirectDirectory, shownPerson } from '../person.ts'
import type { UsedDirectory } from '../settings.ts'
import type { Attempts } from './attempts.ts'
import { OauthError } from './oauth-error.ts'

/** Longer ones are nobody's. */
const maxNameLength = 256
const maxPasswordLength = 1_024

const unavailable = (): OauthError =>
  new OauthError('temporarily_unavailable', 'the directory cannot be asked: try again later')

/** Asks directories, and tells those who log in no more than that it failed. */
export class People {
  readonly #directories: ReadonlyMap<string, UsedDirectory>
  readonly #attempts: Attempts
  readonly #logger: Logger

  constructor(directories: ReadonlyMap<string, UsedDirectory>, attempts: Attempts, logger: Logger) {
    this.#directories = directories
    this.#attempts = attempts
    this.#logger = logger
  }

  get directories(): readonly UsedDirectory[] {
    return [...this.#directories.values()]
  }

  /** Undefined for a name or a password that is wrong. Rejects with OauthError. */
  async withPassword(name: string, username: string, password: string): Promise<Person | undefined> {
    const directory = this.#directories.get(name)?.directory
    if (directory?.kind !== 'password')
      throw new OauthError('invalid_request', 'there is no such directory that knows passwords')
    // To a directory an empty password is no password: it would let anybody in as nobody (RFC 4513 §5.1.2).
    const isPossible =
      username !== '' &&
      username.length <= maxNameLength &&
      password !== '' &&
      password.length <= maxPasswordLength
    const person = await this.#attempts.try(name, username.slice(0, maxNameLength), async () =>
      isPossible ? this.#asked(name, () => directory.authenticate(username, password)) : undefined,
    )
    return this.#counting(name, person)
  }

  /** Where people of this directory log in. Throws OauthError. */
  elsewhere(name: string): RedirectDirectory {
    const directory = this.#directories.get(name)?.directory
    if (directory?.kind !== 'redirect') throw new OauthError('invalid_request', 'there is no such directory')
    return directory
  }

  /** Undefined for what does not count. */
  async fromElsewhere(name: string, login: string, response: string): Promise<Person | undefined> {
    const directory = this.elsewhere(name)
    try {
      return this.#counting(name, await directory.finish(login, response))
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#logger.warn('what an identity provider said does not count', { directory: name, error })
      return undefined
    }
  }

  /** The same person as they are now; undefined for who has to log in again. Rejects with OauthError. */
  async lookUp(name: string, person: Pick<Person, 'id' | 'username'>): Promise<Person | undefined> {
    const directory = this.#directories.get(name)?.directory
    if (directory?.kind !== 'password') return undefined
    return this.#counting(name, await this.#asked(name, () => directory.lookUp(person)))
  }

  /** The person under the names that tokens show. */
  shown(name: string, person: Person): Person | undefined {
    const prefixes = this.directories.map(({ prefix }) => prefix)
    return shownPerson(person, this.#directories.get(name)?.prefix ?? '', prefixes)
  }

  #counting(name: string, person: Person | undefined): Person | undefined {
    if (person === undefined || this.shown(name, person) !== undefined) return person
    this.#logger.warn('a directory has a person whose name is reserved, or of another directory', {
      directory: name,
      id: person.id,
    })
    return undefined
  }

  async #asked<T>(directory: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#logger.error('a directory cannot be asked', { directory, error })
      throw unavailable()
    }
  }
}
