import type { FieldError } from '../apimachinery/field-error.ts'
import { invalidValue, required } from '../apimachinery/field-errors.ts'
import type { FieldPath } from '../apimachinery/field-path.ts'
import { isPortNumber } from '../apimachinery/label-syntax.ts'
import { isDns1035Label, isDns1123Subdomain } from '../apimachinery/names.ts'
import { fill } from './defaulting.ts'

/** Where the API server finds a webhook, for admission and for conversion. */
export interface WebhookService {
  readonly name: string
  readonly namespace: string
  readonly path?: string
  readonly port?: number
}

export interface WebhookClient {
  readonly url?: string
  readonly service?: WebhookService
}

export function defaultWebhookClient<T extends WebhookClient>(client: T): T {
  if (client.service === undefined) return client
  const service = fill(client.service, { port: 443 })
  return service === client.service ? client : { ...client, service }
}

const form = '; desired format: https://host[/path]'
const parts = /^(?:([^:/?#]+):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/

function validateUrl(url: string, where: FieldPath, errors: FieldError[]): void {
  const [, scheme = '', user, host = '', query = '', fragment = ''] = parts.exec(url) ?? []
  if (scheme.toLowerCase() !== 'https')
    errors.push(invalidValue(where, scheme, `'https' is the only allowed URL scheme${form}`))
  if (host === '') errors.push(invalidValue(where, host, `host must be specified${form}`))
  if (user !== undefined)
    errors.push(invalidValue(where, user, 'user information is not permitted in the URL'))
  if (fragment !== '') errors.push(invalidValue(where, fragment, 'fragments are not permitted in the URL'))
  if (query !== '') errors.push(invalidValue(where, query, 'query parameters are not permitted in the URL'))
}

function validatePath(path: string, where: FieldPath, errors: FieldError[]): void {
  if (path === '/' || path === '') return
  if (path === '//') {
    errors.push(invalidValue(where, path, 'segment[0] may not be empty'))
    return
  }
  if (!path.startsWith('/')) errors.push(invalidValue(where, path, "must start with a '/'"))
  const steps = path.slice(1).replace(/\/$/, '').split('/')
  steps.forEach((step, index) => {
    if (step === '') errors.push(invalidValue(where, path, `segment[${index}] may not be empty`))
    else
      for (const complaint of isDns1123Subdomain(step))
        errors.push(invalidValue(where, path, `segment[${index}]: ${complaint}`))
  })
}

/** Upstream hands over name and namespace in the wrong order, so each is missed under the other's name. */
function validateService(service: WebhookService, path: FieldPath, errors: FieldError[]): void {
  const { name = '', namespace = '', port = 0 } = service
  if (namespace === '') errors.push(required(path.child('name')))
  if (name === '') errors.push(required(path.child('namespace')))
  const complaints = isPortNumber(port)
  if (complaints.length > 0)
    errors.push(invalidValue(path.child('port'), port, `port is not valid: ${complaints.join(', ')}`))
  if (service.path !== undefined) validatePath(service.path, path.child('path'), errors)
}

export function validateWebhookClient(
  { url, service }: WebhookClient,
  path: FieldPath,
  errors: FieldError[],
): void {
  if ((url === undefined) === (service === undefined))
    errors.push(required(path, 'exactly one of url or service is required'))
  else if (url !== undefined) validateUrl(url, path.child('url'), errors)
  else if (service !== undefined) validateService(service, path.child('service'), errors)
}

const knownVersions = ['v1', 'v1beta1']

/** The versions of reviews that a webhook understands; `missing` says more where there are none. */
export function validateReviewVersions(
  versions: readonly string[],
  mustKnowOne: boolean,
  missing: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (versions.length === 0) {
    errors.push(required(path, missing))
    return
  }
  versions.forEach((version, index) => {
    if (versions.indexOf(version) < index)
      errors.push(invalidValue(path.index(index), version, 'duplicate version'))
    else
      for (const complaint of isDns1035Label(version))
        errors.push(invalidValue(path.index(index), version, complaint))
  })
  if (mustKnowOne && !knowsReviewVersion(versions))
    errors.push(invalidValue(path, versions, `must include at least one of ${knownVersions.join(', ')}`))
}

export const knowsReviewVersion = (versions: readonly string[]): boolean =>
  versions.some((version) => knownVersions.includes(version))
