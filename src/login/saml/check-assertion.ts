import { isRecord } from '../../base/is-record.ts'
import { DirectoryError } from '../person.ts'

/** What an assertion must answer to. */
export interface AssertionRules {
  /** Of our request. */
  readonly login: string
  readonly idpIssuer: string
  readonly callbackUrl: string
}

type Node = Readonly<Record<string, unknown>>

const bearer = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'
/** SHA-1 makes no signature any more; nor is one told in a way that hides it from this look. */
const weak = /xmldsig#(?:rsa-sha1|dsa-sha1|hmac-sha1|sha1)$|&/

function nodesOf(parent: unknown, name: string): readonly Node[] {
  const children = isRecord(parent) ? parent[name] : undefined
  // A node without attributes or children is its text.
  const asNode = (child: unknown): unknown => (typeof child === 'string' ? { _: child } : child)
  return Array.isArray(children) ? children.map(asNode).filter(isRecord) : []
}

function attributeOf(node: Node | undefined, name: string): string | undefined {
  const attributes = node?.['$']
  const value = isRecord(attributes) ? attributes[name] : undefined
  return typeof value === 'string' ? value : undefined
}

const textOf = (node: Node | undefined): unknown => node?.['_']

/** Whether one way of the subject's confirmation is ours: for our request, to our address, and with an end. */
function isConfirmed(confirmation: Node, { login, callbackUrl }: AssertionRules): boolean {
  const [data] = nodesOf(confirmation, 'SubjectConfirmationData')
  return (
    attributeOf(confirmation, 'Method') === bearer &&
    attributeOf(data, 'InResponseTo') === login &&
    attributeOf(data, 'Recipient') === callbackUrl &&
    attributeOf(data, 'NotOnOrAfter') !== undefined
  )
}

/**
 * What the library leaves open of a signed assertion (SAML 2.0 Profiles §4.1.4.2): the wrapping that it came in is not
 * signed, so that the assertion itself must say whom it answers. Throws DirectoryError.
 */
export function checkAssertion(document: unknown, rules: AssertionRules): void {
  const why = complaint(isRecord(document) ? document.Assertion : undefined, rules)
  if (why !== undefined) throw new DirectoryError(`an assertion was refused: ${why}`)
}

function complaint(assertion: unknown, rules: AssertionRules): string | undefined {
  if (textOf(nodesOf(assertion, 'Issuer')[0]) !== rules.idpIssuer) return 'it is of another issuer'
  const confirmations = nodesOf(nodesOf(assertion, 'Subject')[0], 'SubjectConfirmation')
  // The library looks at the times of the first that is good now: there is to be no other one.
  if (confirmations.length !== 1 || !confirmations.every((each) => isConfirmed(each, rules)))
    return 'its subject is not confirmed for this login alone'
  const [conditions] = nodesOf(assertion, 'Conditions')
  if (attributeOf(conditions, 'NotOnOrAfter') === undefined) return 'it has no end'
  if (nodesOf(conditions, 'AudienceRestriction').length === 0) return 'it is for nobody in particular'
  if (nodesOf(assertion, 'AuthnStatement').length === 0) return 'it does not say that anybody has logged in'
  return undefined
}

/** Whether the signature of a text's XML is made by algorithms that are broken. */
export const isWeaklySigned = (xml: string): boolean =>
  [...xml.matchAll(/\bAlgorithm\s*=\s*["']([^"']*)["']/g)].some(([, algorithm = '']) =>
    weak.test(algorithm.trim()),
  )
