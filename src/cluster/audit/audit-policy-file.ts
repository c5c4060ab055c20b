import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { aggregateFields } from '../../apimachinery/aggregate.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import {
  type AuditLevel,
  type AuditPolicy,
  type AuditResources,
  type AuditRule,
  type AuditStage,
  auditLevels,
  auditStages,
} from '../../apiserver/audit/audit-policy.ts'
import { messageOf } from '../../base/message-of.ts'
import { booleanOf, type Fields, listOf, textOf, textsOf } from '../components/config-fields.ts'
import { FlagError } from '../components/flags/parse-flags.ts'

const policyFields = ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields']
const ruleFields = [
  ...['level', 'users', 'userGroups', 'verbs', 'resources', 'namespaces', 'nonResourceURLs'],
  ...['omitStages', 'omitManagedFields'],
]
const resourceFields = ['group', 'resources', 'resourceNames']

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export interface ReadAuditPolicy {
  readonly policy: AuditPolicy
  /** Fields that nobody knows: they are passed over, as upstream does it. */
  readonly warnings: readonly string[]
}

class PolicyReader {
  readonly #errors: FieldError[] = []
  readonly warnings: string[] = []

  policy(top: Fields): AuditPolicy {
    const omitStages = this.#stages(this.#known(top, '', policyFields), fieldPath('omitStages'))
    const rules = (listOf(top, 'rules') ?? []).map((rule, at) =>
      this.#rule(rule, fieldPath('rules').index(at)),
    )
    if (this.#errors.length > 0) throw new FlagError(aggregateFields(this.#errors))
    if (rules.length === 0) throw new FlagError('loaded illegal policy with 0 rules')
    return { rules, omitStages, omitManagedFields: booleanOf(top, 'omitManagedFields') ?? false }
  }

  #known(value: unknown, where: string, names: readonly string[]): Fields {
    if (!isFields(value)) throw new FlagError(`failed decoding: ${where} must be an object`)
    const place = where === '' ? '' : `${where}.`
    for (const name of Object.keys(value))
      if (!names.includes(name)) this.warnings.push(`unknown field "${place}${name}"`)
    return value
  }

  #stages(fields: Fields, path: FieldPath): readonly AuditStage[] {
    return (textsOf(fields, 'omitStages') ?? []).flatMap((text, at) => {
      const stage = auditStages.find((each) => each === text)
      if (stage !== undefined) return [stage]
      this.#errors.push(invalidValue(path.index(at), text, `allowed stages are ${auditStages.join(',')}`))
      return []
    })
  }

  #level(fields: Fields, path: FieldPath): AuditLevel {
    const text = textOf(fields, 'level') ?? ''
    const level = auditLevels.find((each) => each === text)
    if (level === undefined)
      this.#errors.push(text === '' ? required(path) : notSupported(path, text, auditLevels))
    return level ?? 'None'
  }

  #urls(fields: Fields, path: FieldPath): readonly string[] {
    const urls = textsOf(fields, 'nonResourceURLs') ?? []
    const refuse = (at: number, why: string): void => {
      this.#errors.push(invalidValue(path.index(at), urls[at], why))
    }
    urls.forEach((url, at) => {
      if (url === '*') return
      if (!url.startsWith('/')) refuse(at, "non-resource URL rules must begin with a '/' character")
      if (url.slice(0, -1).includes('*'))
        refuse(at, "non-resource URL wildcards '*' must be the final character of the rule")
    })
    return urls
  }

  #resources(value: unknown, where: string, path: FieldPath): AuditResources {
    const fields = this.#known(value, where, resourceFields)
    const group = textOf(fields, 'group') ?? ''
    const resources = textsOf(fields, 'resources') ?? []
    const resourceNames = textsOf(fields, 'resourceNames') ?? []
    const complaints = group === '' || group === '*' ? [] : isDns1123Subdomain(group)
    if (complaints.length > 0)
      this.#errors.push(invalidValue(path.child('group'), group, complaints.join(',')))
    if (resourceNames.length > 0 && resources.length === 0)
      this.#errors.push(
        invalidValue(
          path.child('resourceNames'),
          resourceNames,
          'using resourceNames requires at least one resource',
        ),
      )
    return { group, resources, resourceNames }
  }

  #rule(value: unknown, path: FieldPath): AuditRule {
    const fields = this.#known(value, String(path), ruleFields)
    const where = path.child('resources')
    const urls = path.child('nonResourceURLs')
    const level = this.#level(fields, path.child('level'))
    const nonResourceURLs = this.#urls(fields, urls)
    const resources = (listOf(fields, 'resources') ?? []).map((each, at) =>
      this.#resources(each, String(where.index(at)), where),
    )
    const omitStages = this.#stages(fields, path.child('omitStages'))
    const namespaces = textsOf(fields, 'namespaces') ?? []
    if (nonResourceURLs.length > 0 && resources.length + namespaces.length > 0)
      this.#errors.push(
        invalidValue(
          urls,
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      )
    const omitManagedFields = booleanOf(fields, 'omitManagedFields')
    return {
      ...{ level, nonResourceURLs, resources, omitStages, namespaces },
      users: textsOf(fields, 'users') ?? [],
      userGroups: textsOf(fields, 'userGroups') ?? [],
      verbs: textsOf(fields, 'verbs') ?? [],
      ...(omitManagedFields === undefined ? {} : { omitManagedFields }),
    }
  }
}

/** A Policy of `audit.k8s.io/v1` from YAML or JSON. Throws in upstream's words. */
export function auditPolicy(text: string): ReadAuditPolicy {
  const value: unknown = parse(text)
  const { apiVersion, kind } = isFields(value) ? value : {}
  if (!isFields(value) || typeof kind !== 'string' || kind === '')
    throw new FlagError("failed decoding: Object 'Kind' is missing")
  if (typeof apiVersion !== 'string' || apiVersion === '')
    throw new FlagError("failed decoding: Object 'apiVersion' is missing")
  if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy')
    throw new FlagError(
      `failed decoding: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    )
  const reader = new PolicyReader()
  return { policy: reader.policy(value), warnings: reader.warnings }
}

/** The file of `--audit-policy-file`. */
export function readAuditPolicy(file: string): ReadAuditPolicy {
  const loading = 'loading audit policy file:'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = messageOf(error)
    throw new FlagError(`${loading} failed to read file path ${JSON.stringify(file)}: ${why}`)
  }
  try {
    return auditPolicy(text)
  } catch (error) {
    const why = messageOf(error)
    throw new FlagError(`${loading} ${why}: from file ${file}`)
  }
}
