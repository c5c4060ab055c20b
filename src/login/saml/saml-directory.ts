import type { Profile, SAML } from '@node-saml/node-saml'
import { defined } from '../../base/defined.ts'
import { messageOf } from '../../base/message-of.ts'
import { DirectoryError, type Person, type RedirectDirectory } from '../person.ts'
import { checkAssertion, isWeaklySigned } from './check-assertion.ts'
import type { SamlSettings } from './saml-settings.ts'

/** Of an answer, base64. */
const maxResponseLength = 256 * 1024
/** Between an assertion and its use. */
const maxAgeMs = 5 * 60_000
/** A token that names more groups fits no header. */
const maxGroups = 500

/** Every value that is text; an attribute with one is no list. */
function valuesOf(profile: Profile, attribute: string | undefined): readonly string[] {
  const { attributes } = profile
  if (attribute === undefined || typeof attributes !== 'object' || attributes === null) return []
  const value: unknown = Object.entries(attributes).find(([name]) => name === attribute)?.[1]
  return [value].flat().filter((each): each is string => typeof each === 'string' && each !== '')
}

/** People whom a SAML identity provider vouches for (Web Browser SSO: our request by redirect, its answer by POST). */
export class SamlDirectory implements RedirectDirectory {
  readonly kind = 'redirect'
  readonly name: string
  readonly title: string
  readonly #settings: SamlSettings

  constructor(settings: SamlSettings) {
    this.name = settings.name
    this.title = settings.title
    this.#settings = settings
  }

  async begin(login: string): Promise<string> {
    const saml = await this.#saml(login)
    return saml.getAuthorizeUrlAsync(`${login}.${this.name}`, undefined, {})
  }

  async finish(login: string, response: string): Promise<Person> {
    const { idpIssuer, callbackUrl } = this.#settings
    if (response.length > maxResponseLength) throw new DirectoryError('the response is too large')
    const xml = Buffer.from(response, 'base64').toString('utf8')
    if (/<!DOCTYPE|<!ENTITY/i.test(xml)) throw new DirectoryError('the response defines a document type')
    if (isWeaklySigned(xml)) throw new DirectoryError('the response is signed with SHA-1')
    const saml = await this.#saml(login)
    let profile: Profile | null
    try {
      profile = (await saml.validatePostResponseAsync({ SAMLResponse: response })).profile
    } catch (error) {
      throw new DirectoryError(`the response does not count: ${messageOf(error)}`, { cause: error })
    }
    if (profile === null) throw new DirectoryError('the response is about nobody')
    checkAssertion(profile.getAssertion?.(), { login, idpIssuer, callbackUrl })
    return this.#person(profile)
  }

  async describe(): Promise<string> {
    return (await this.#saml('l')).generateServiceProviderMetadata(null)
  }

  #person(profile: Profile): Person {
    const { idAttribute, usernameAttribute, nameAttribute, emailAttribute, groupsAttribute } = this.#settings
    const named = (attribute: string | undefined): string => {
      const values = attribute === undefined ? [profile.nameID ?? ''] : valuesOf(profile, attribute)
      const [value = ''] = values
      if (value !== '' && values.length === 1) return value
      throw new DirectoryError(
        `an assertion has ${values.length} values of ${attribute ?? 'NameID'}, not one`,
      )
    }
    const groups = valuesOf(profile, groupsAttribute)
    if (groups.length > maxGroups) throw new DirectoryError(`an assertion has more than ${maxGroups} groups`)
    return {
      id: named(idAttribute),
      username: named(usernameAttribute),
      ...defined({
        displayName: valuesOf(profile, nameAttribute)[0],
        email: valuesOf(profile, emailAttribute)[0],
      }),
      groups,
    }
  }

  /** For one login: the only request that an answer may be to. */
  async #saml(login: string): Promise<SAML> {
    const { certificates, entryPoint, entityId, idpIssuer, callbackUrl, clockSkewMs } = this.#settings
    // Loaded here, since hardly any process has a directory.
    const { SAML, ValidateInResponseTo } = await import('./saml-library.ts')
    const sentAt = new Date().toISOString()
    return new SAML({
      ...{ entryPoint, idpIssuer, callbackUrl, issuer: entityId, audience: entityId },
      idpCert: [...certificates],
      wantAssertionsSigned: true,
      // Either the assertion's own signature or none: what is around it says nothing that counts.
      wantAuthnResponseSigned: false,
      acceptedClockSkewMs: clockSkewMs,
      maxAssertionAgeMs: maxAgeMs,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider: {
        saveAsync: async (_key, value) => ({ value, createdAt: Date.now() }),
        getAsync: async (key) => (key === login ? sentAt : null),
        removeAsync: async () => null,
      },
      generateUniqueId: () => login,
      identifierFormat: null,
      disableRequestedAuthnContext: true,
    })
  }
}
