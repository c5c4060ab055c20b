import { DirectoryError, type PasswordDirectory, type Person, type RedirectDirectory } from '../person.ts'

/** People with their passwords, in memory. */
export class FakeDirectory implements PasswordDirectory {
  readonly kind = 'password'
  readonly name: string
  readonly title: string
  readonly people = new Map<string, { readonly password: string; readonly person: Person }>()
  /** False: nobody answers. */
  isUp = true

  constructor(name: string) {
    this.name = name
    this.title = name
  }

  add(username: string, password: string, groups: readonly string[] = []): void {
    this.people.set(username, { password, person: { id: `id-${username}`, username, groups } })
  }

  async authenticate(username: string, password: string): Promise<Person | undefined> {
    if (!this.isUp) throw new DirectoryError('nobody answers')
    const known = this.people.get(username)
    return known?.password === password ? known.person : undefined
  }

  async lookUp({ username }: Pick<Person, 'username'>): Promise<Person | undefined> {
    if (!this.isUp) throw new DirectoryError('nobody answers')
    return this.people.get(username)?.person
  }
}

/** Believes whatever comes back. */
export class FakeRedirectDirectory implements RedirectDirectory {
  readonly kind = 'redirect'
  readonly name: string
  readonly title: string

  constructor(name: string) {
    this.name = name
    this.title = name
  }

  async begin(login: string): Promise<string> {
    return `https://elsewhere.example/?login=${login}`
  }

  async finish(_login: string, response: string): Promise<Person> {
    if (response === 'bad') throw new DirectoryError('it is bad')
    return { id: response, username: response, groups: [] }
  }

  async describe(): Promise<string> {
    return '<described/>'
  }
}
