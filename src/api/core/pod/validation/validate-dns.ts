import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required, tooLong } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { validateLegacyIp } from '../../../../apimachinery/ip-validation.ts'
import { isDns1123Subdomain, isDns1123SubdomainWithUnderscore } from '../../../../apimachinery/names.ts'
import { utf8Length } from '../../../../apimachinery/utf8-length.ts'
import { checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'

/** Limits of libc's resolver. */
const maxNameservers = 3
const maxSearches = 32
const maxSearchBytes = 2048
const maxHostnameBytes = 64

function validateSearches(searches: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (searches.length > maxSearches) {
    const detail = `must not have more than ${maxSearches} search paths`
    errors.push(invalidValue(path, searches, detail))
  }
  if (utf8Length(searches.join(' ')) > maxSearchBytes) {
    const detail = `must not have more than ${maxSearchBytes} characters (including spaces) in the search list`
    errors.push(invalidValue(path, searches, detail))
  }
  searches.forEach((search, index) => {
    if (search === '.') return
    const name = search.endsWith('.') ? search.slice(0, -1) : search
    checkText(name, isDns1123SubdomainWithUnderscore, path.index(index), errors)
  })
}

export function validateDnsConfig(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  const config = spec.dnsConfig
  if (spec.dnsPolicy === 'None') {
    if (config === undefined) {
      errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'))
      return
    }
    if ((config.nameservers ?? []).length === 0) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
      errors.push(required(path.child('nameservers'), detail))
      return
    }
  }
  if (config === undefined) return
  const nameservers = config.nameservers ?? []
  if (nameservers.length > maxNameservers) {
    const detail = `must not have more than ${maxNameservers} nameservers`
    errors.push(invalidValue(path.child('nameservers'), nameservers, detail))
  }
  nameservers.forEach((server, index) => {
    validateLegacyIp(server, path.child('nameservers').index(index), errors)
  })
  validateSearches(config.searches ?? [], path.child('searches'), errors)
  config.options?.forEach((option, index) => {
    if ((option.name ?? '') === '')
      errors.push(required(path.child('options').index(index), 'must not be empty'))
  })
}

export function validateHostAliases(
  aliases: readonly core.v1.HostAlias[],
  path: FieldPath,
  errors: FieldError[],
): void {
  aliases.forEach((alias, index) => {
    const where = path.index(index)
    validateLegacyIp(alias.ip ?? '', where.child('ip'), errors)
    alias.hostnames?.forEach((name, at) => {
      checkText(name, isDns1123Subdomain, where.child('hostnames').index(at), errors)
    })
  })
}

export function validateHostnameOverride(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  const name = spec.hostnameOverride
  if (name === undefined) return
  const where = path.child('hostnameOverride')
  if (spec.setHostnameAsFQDN === true)
    errors.push(fieldForbidden(where, 'may not be specified when setHostnameAsFQDN is true'))
  if (spec.hostNetwork === true)
    errors.push(fieldForbidden(where, 'may not be specified when hostNetwork is true'))
  if (utf8Length(name) > maxHostnameBytes) errors.push(tooLong(where, maxHostnameBytes))
  checkText(name, isDns1123Subdomain, where, errors)
}
