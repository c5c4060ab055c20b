/** Somebody whom a directory knows. */
export interface Person {
  /** Never given to somebody else, also when the name changes. */
  readonly id: string
  readonly username: string
  /** For people to read. */
  readonly displayName?: string
  readonly email?: string
  readonly groups: readonly string[]
}

interface DirectoryBase {
  /** Of the configuration. */
  readonly name: string
  /** As people are shown it. */
  readonly title: string
}

/** Knows people and checks their passwords. Methods reject with DirectoryError where it cannot be asked. */
export interface PasswordDirectory extends DirectoryBase {
  readonly kind: 'password'
  /** Undefined for a name that is unknown or a password that is wrong: which, nobody learns. */
  authenticate(username: string, password: string): Promise<Person | undefined>
  /** The same person as they are now; undefined once they are no more, or may no longer log in. */
  lookUp(person: Pick<Person, 'id' | 'username'>): Promise<Person | undefined>
}

/** Lets the browser log in elsewhere. */
export interface RedirectDirectory extends DirectoryBase {
  readonly kind: 'redirect'
  /** Where the browser goes; `login` comes back with it. */
  begin(login: string): Promise<string>
  /** What the browser brought back for `login`. Rejects with DirectoryError for what does not count. */
  finish(login: string, response: string): Promise<Person>
  /** What its administrator has to be told of us, XML. */
  describe(): Promise<string>
}

export type Directory = PasswordDirectory | RedirectDirectory

/** A directory that cannot be asked, or that said something that does not count. Its message is for the log alone. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
}

const reserved = 'system:'

/**
 * The person under the names that tokens show: with the directory's prefix. Undefined for a name that Kubernetes keeps
 * for itself, or that is of another directory, whose prefix is one of `others`; such groups are left out.
 */
export function shownPerson(person: Person, prefix: string, others: readonly string[]): Person | undefined {
  const kept = [reserved, ...others.filter((other) => other.length > prefix.length)]
  const isKept = (name: string): boolean => kept.some((start) => name.startsWith(start))
  const username = prefix + person.username
  if (person.id === '' || person.username === '' || isKept(username)) return undefined
  const groups = person.groups.map((group) => prefix + group).filter((group) => !isKept(group))
  return { ...person, username, groups: [...new Set(groups)].sort() }
}
