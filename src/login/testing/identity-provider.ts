import { SignedXml } from 'xml-crypto'

export interface AssertionChanges {
  readonly issuer?: string
  readonly audience?: string
  readonly recipient?: string
  /** Of the signed assertion. */
  readonly inResponseTo?: string
  /** Of the response around it, which nobody signs. */
  readonly responseTo?: string
  readonly notBeforeMs?: number
  readonly notOnOrAfterMs?: number
  readonly issuedMs?: number
  readonly nameId?: string
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  readonly signatureAlgorithm?: string
  readonly digestAlgorithm?: string
  /** False: nothing is signed. */
  readonly signed?: boolean
  /** Of the assertion, before it is signed. */
  readonly edit?: (xml: string) => string
}

export interface IdentityProviderOptions {
  readonly issuer: string
  readonly audience: string
  readonly callbackUrl: string
  /** PEM */
  readonly keyPem: string
  readonly certificatePem: string
}

const dsig = 'http://www.w3.org/2000/09/xmldsig#'
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const assertionNames = 'urn:oasis:names:tc:SAML:2.0:assertion'
const protocolNames = 'urn:oasis:names:tc:SAML:2.0:protocol'

const time = (ms: number): string => new Date(ms).toISOString()
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** A SAML identity provider for tests: makes the responses that it is asked for, also wrong ones. */
export class TestIdentityProvider {
  readonly #options: IdentityProviderOptions

  constructor(options: IdentityProviderOptions) {
    this.#options = options
  }

  /** The assertion, signed. */
  assertion(login: string, changes: AssertionChanges = {}): string {
    const { issuer, audience, callbackUrl } = this.#options
    const nowMs = Date.now()
    const { notBeforeMs = nowMs - 1_000, notOnOrAfterMs = nowMs + 60_000, issuedMs = nowMs } = changes
    const end = time(notOnOrAfterMs)
    const inResponseTo = changes.inResponseTo ?? login
    const answers = inResponseTo === '' ? '' : ` InResponseTo="${inResponseTo}"`
    const attributes = Object.entries(changes.attributes ?? {}).map(([name, values]) => {
      const texts = values.map((value) => `<saml:AttributeValue>${escaped(value)}</saml:AttributeValue>`)
      return `<saml:Attribute Name="${name}">${texts.join('')}</saml:Attribute>`
    })
    const plain = `<saml:Assertion xmlns:saml="${assertionNames}" ID="_assertion" Version="2.0" IssueInstant="${time(issuedMs)}"><saml:Issuer>${changes.issuer ?? issuer}</saml:Issuer><saml:Subject><saml:NameID>${escaped(changes.nameId ?? 'zoe')}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData${answers} Recipient="${changes.recipient ?? callbackUrl}" NotOnOrAfter="${end}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${time(notBeforeMs)}" NotOnOrAfter="${end}"><saml:AudienceRestriction><saml:Audience>${changes.audience ?? audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${time(issuedMs)}"/><saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion>`
    const xml = changes.edit?.(plain) ?? plain
    return changes.signed === false ? xml : this.#signed(xml, changes)
  }

  /** Around an assertion, or anything else; base64, as a browser posts it. */
  response(login: string, assertion: string, responseTo = login): string {
    const xml = `<samlp:Response xmlns:samlp="${protocolNames}" xmlns:saml="${assertionNames}" ID="_response" Version="2.0" InResponseTo="${responseTo}" IssueInstant="${time(Date.now())}" Destination="${this.#options.callbackUrl}"><saml:Issuer>${this.#options.issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${assertion}</samlp:Response>`
    return Buffer.from(xml).toString('base64')
  }

  answer(login: string, changes: AssertionChanges = {}): string {
    return this.response(login, this.assertion(login, changes), changes.responseTo)
  }

  #signed(xml: string, { signatureAlgorithm, digestAlgorithm }: AssertionChanges): string {
    const { keyPem, certificatePem } = this.#options
    const signature = new SignedXml({
      ...{ privateKey: keyPem, publicCert: certificatePem, canonicalizationAlgorithm: exclusive },
      signatureAlgorithm: signatureAlgorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    })
    signature.addReference({
      xpath: "//*[local-name(.)='Assertion']",
      transforms: [`${dsig}enveloped-signature`, exclusive],
      digestAlgorithm: digestAlgorithm ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
    })
    signature.computeSignature(xml, {
      location: { reference: "//*[local-name(.)='Issuer']", action: 'after' },
      prefix: 'ds',
    })
    return signature.getSignedXml()
  }
}
