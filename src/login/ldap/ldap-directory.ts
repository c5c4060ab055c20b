import { defined } from '../../base/defined.ts'
import { DirectoryError, type PasswordDirectory, type Person } from '../person.ts'
import { type LdapConnection, type LdapEntry, withConnection } from './ldap-connection.ts'
import type { LdapSettings } from './ldap-settings.ts'
import { placeholdersOf, searchFilter } from './search-filter.ts'

/** Of one person, with those of groups. A token that names more fits no header. */
const maxGroups = 500
/** Of groups in groups. */
const maxDepth = 20
/** Two are too many, and all that has to be known. */
const maxPeople = 1
/** Groups whose own groups are searched for at once. */
const batchSize = 20
const guid = 'objectguid'

/** As Microsoft writes it: the first three parts have their bytes the other way round. */
function guidText(bytes: Uint8Array): string {
  const [a, b, c, d, e, f, g, h, ...rest] = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  const tail = rest.join('')
  return `${d}${c}${b}${a}-${f}${e}-${h}${g}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

function textsOf(entry: LdapEntry, attribute: string): readonly string[] {
  const values = entry.values.get(attribute.toLowerCase()) ?? []
  return values.map((value) => {
    if (typeof value === 'string') return value
    return attribute.toLowerCase() === guid ? guidText(value) : new TextDecoder().decode(value)
  })
}

/** The one value that somebody is known by. Throws DirectoryError where there are none or several. */
function oneText(entry: LdapEntry, attribute: string): string {
  const [value = '', ...more] = textsOf(entry, attribute)
  if (value !== '' && more.length === 0) return value
  throw new DirectoryError(
    `${entry.dn} has ${more.length + Number(value !== '')} values of ${attribute}, not one`,
  )
}

/** People of an LDAP server, Active Directory among them. */
export class LdapDirectory implements PasswordDirectory {
  readonly kind = 'password'
  readonly name: string
  readonly title: string
  readonly #settings: LdapSettings

  constructor(settings: LdapSettings) {
    this.name = settings.name
    this.title = settings.title
    this.#settings = settings
  }

  async authenticate(username: string, password: string): Promise<Person | undefined> {
    const found = await this.#search((connection) => this.#find(connection, username))
    if (found === undefined) {
      // Or the time that it takes would tell which names there are. Whatever is answered says nothing.
      const nobody = `cn=nobody,${this.#settings.users.baseDn}`
      await withConnection(this.#settings, (connection) => connection.bind(nobody, password)).catch(() => {})
      return undefined
    }
    // On a connection of its own: what it may see is no concern of ours, and a search never runs as somebody else.
    const isTheirs = await withConnection(this.#settings, (connection) => connection.bind(found.dn, password))
    if (!isTheirs) return undefined
    return this.#search((connection) => this.#person(connection, found))
  }

  async lookUp({ id, username }: Pick<Person, 'id' | 'username'>): Promise<Person | undefined> {
    return this.#search(async (connection) => {
      const found = await this.#find(connection, username)
      if (found === undefined) return undefined
      // Somebody else may have the name by now.
      return oneText(found, this.#settings.users.idAttribute) === id
        ? this.#person(connection, found)
        : undefined
    })
  }

  /** As the searcher. */
  #search<T>(work: (connection: LdapConnection) => Promise<T>): Promise<T> {
    const { searcher } = this.#settings
    return withConnection(this.#settings, async (connection) => {
      if (searcher !== undefined && !(await connection.bind(searcher.dn, searcher.password())))
        throw new DirectoryError(`the password of ${searcher.dn} is wrong`)
      return work(connection)
    })
  }

  async #find(connection: LdapConnection, username: string): Promise<LdapEntry | undefined> {
    const { users } = this.#settings
    const entries = await connection.search({
      baseDn: users.baseDn,
      filter: searchFilter(users.filter, { username }),
      attributes: [users.usernameAttribute, users.idAttribute, users.nameAttribute, users.emailAttribute],
      binary: [users.idAttribute].filter((attribute) => attribute.toLowerCase() === guid),
      maxEntries: maxPeople,
    })
    return entries[0]
  }

  async #person(connection: LdapConnection, entry: LdapEntry): Promise<Person> {
    const { users } = this.#settings
    const username = oneText(entry, users.usernameAttribute)
    return {
      id: oneText(entry, users.idAttribute),
      username,
      ...defined({
        displayName: textsOf(entry, users.nameAttribute)[0],
        email: textsOf(entry, users.emailAttribute)[0],
      }),
      groups: await this.#groups(connection, entry.dn, username),
    }
  }

  async #groups(connection: LdapConnection, dn: string, username: string): Promise<readonly string[]> {
    const { groups } = this.#settings
    if (groups === undefined) return []
    const direct = await this.#groupsOf(connection, [searchFilter(groups.filter, { dn, username })])
    const all = new Map(direct.map((entry) => [entry.dn.toLowerCase(), entry]))
    let newest = direct
    for (let depth = 1; groups.nested && newest.length > 0; depth++) {
      if (depth > maxDepth)
        throw new DirectoryError(`groups of ${dn} are in groups more than ${maxDepth} deep`)
      newest = (await this.#parentsOf(connection, newest)).filter((entry) => !all.has(entry.dn.toLowerCase()))
      for (const entry of newest) all.set(entry.dn.toLowerCase(), entry)
      if (all.size > maxGroups) throw new DirectoryError(`${dn} is in more than ${maxGroups} groups`)
    }
    return [...all.values()].flatMap((entry) => textsOf(entry, groups.nameAttribute).slice(0, 1))
  }

  async #parentsOf(connection: LdapConnection, entries: readonly LdapEntry[]): Promise<readonly LdapEntry[]> {
    const template = this.#settings.groups?.filter ?? ''
    const filters = entries.map(({ dn }) => searchFilter(template, { dn }))
    const found: LdapEntry[] = []
    for (let at = 0; at < filters.length; at += batchSize)
      found.push(...(await this.#groupsOf(connection, filters.slice(at, at + batchSize))))
    return found
  }

  async #groupsOf(connection: LdapConnection, filters: readonly string[]): Promise<readonly LdapEntry[]> {
    const { groups } = this.#settings
    if (groups === undefined) return []
    return connection.search({
      baseDn: groups.baseDn,
      filter: filters.length === 1 ? (filters[0] ?? '') : `(|${filters.join('')})`,
      attributes: [groups.nameAttribute],
      binary: [],
      maxEntries: maxGroups,
    })
  }
}

/** What is wrong with the templates of a directory's filters; undefined for nothing. */
export function filterComplaint(settings: LdapSettings): string | undefined {
  const { users, groups } = settings
  const unknown = (template: string, known: readonly string[]): string | undefined =>
    placeholdersOf(template).find((name) => !known.includes(name))
  if (!placeholdersOf(users.filter).includes('username')) return 'users.filter must have {username}'
  const wrong = unknown(users.filter, ['username']) ?? unknown(groups?.filter ?? '', ['dn', 'username'])
  if (wrong !== undefined) return `there is no {${wrong}}`
  if (groups === undefined) return undefined
  const names = placeholdersOf(groups.filter)
  if (names.length === 0) return 'groups.filter must have {dn} or {username}'
  // A group has no user name: the filter would find the groups of nobody.
  return groups.nested && names.includes('username')
    ? 'nested groups need a filter with {dn} alone'
    : undefined
}
