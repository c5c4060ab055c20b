import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { checkText } from '../../checks.ts'
import type { flowcontrol } from '../../generated/types/index.ts'
import { validateFlowConditions } from '../validate-conditions.ts'

type FlowSchema = flowcontrol.v1.FlowSchema
type Subject = flowcontrol.v1.Subject

const maxPrecedence = 10_000
const methods: readonly string[] = ['ByNamespace', 'ByUser']
const subjectKinds: readonly string[] = ['Group', 'ServiceAccount', 'User']
const verbs: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'proxy',
  'update',
  'watch',
]

const subjectFields = [
  ['ServiceAccount', 'serviceAccount'],
  ['User', 'user'],
  ['Group', 'group'],
] as const

function validateAccount(
  account: flowcontrol.v1.ServiceAccountSubject,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { name = '', namespace = '' } = account
  if (name === '') errors.push(required(path.child('name')))
  else if (name !== '*') checkText(name, isDns1123Subdomain, path.child('name'), errors)
  if (namespace === '')
    errors.push(required(path.child('namespace'), 'must specify namespace for service account'))
  else checkText(namespace, isDns1123Label, path.child('namespace'), errors)
}

function validateSubject(subject: Subject, path: FieldPath, errors: FieldError[]): void {
  const { kind = '' } = subject
  if (!subjectKinds.includes(kind)) {
    errors.push(notSupported(path.child('kind'), kind, subjectKinds))
    return
  }
  for (const [owner, field] of subjectFields) {
    const where = path.child(field)
    const given = subject[field]
    if (owner !== kind) {
      if (given !== undefined)
        errors.push(fieldForbidden(where, `${field} is forbidden when subject kind is not '${owner}'`))
    } else if (given === undefined)
      errors.push(required(where, `${field} is required when subject kind is '${owner}'`))
    else if (field === 'serviceAccount' && subject.serviceAccount !== undefined)
      validateAccount(subject.serviceAccount, where, errors)
    else if ((given.name ?? '') === '') errors.push(required(where.child('name')))
  }
}

const onlyWildcard = (others: string): string => `if '*' is present, must not specify other ${others}`

function validateVerbs(own: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (own.length === 0) errors.push(required(path, 'verbs must contain at least one value'))
  else if (own.includes('*')) {
    if (own.length > 1) errors.push(invalidValue(path, own, onlyWildcard('verbs')))
  } else if (!own.every((verb) => verbs.includes(verb))) errors.push(notSupported(path, own, verbs))
}

function validateUrl(url: string, where: FieldPath, errors: FieldError[]): void {
  const wildcards = url.split('*').length - 1
  const refuse = (detail: string): void => {
    errors.push(invalidValue(where, url, detail))
  }
  if (url === '') refuse('must not be empty')
  else if (!url.startsWith('/')) refuse('must start with slash')
  else if (url.includes(' ')) refuse('must not contain white-space')
  else if (url.includes('//')) refuse('must not contain double slash')
  else if (wildcards > 1 || (wildcards === 1 && !url.endsWith('/*')))
    refuse('wildcard can only do suffix matching')
}

function validateUrls(
  rule: flowcontrol.v1.NonResourcePolicyRule,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateVerbs(rule.verbs ?? [], path.child('verbs'), errors)
  const urls = rule.nonResourceURLs ?? []
  const where = path.child('nonResourceURLs')
  if (urls.length === 0) errors.push(required(where, 'nonResourceURLs must contain at least one value'))
  else if (urls.includes('*')) {
    if (urls.length > 1) errors.push(invalidValue(where, urls, onlyWildcard('non-resource URLs')))
  } else
    urls.forEach((url, index) => {
      validateUrl(url, where.index(index), errors)
    })
}

function validateNamespaces(
  { namespaces: given, clusterScope = false }: flowcontrol.v1.ResourcePolicyRule,
  path: FieldPath,
  errors: FieldError[],
): void {
  const namespaces = given ?? []
  if (namespaces.length === 0 && !clusterScope) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace'
    errors.push(required(path, detail))
  } else if (namespaces.includes('*')) {
    if (namespaces.length > 1) errors.push(invalidValue(path, namespaces, onlyWildcard('namespaces')))
  } else
    namespaces.forEach((namespace, index) => {
      for (const complaint of isDns1123Label(namespace)) {
        const detail = `each member of this list must be '*' or a DNS-1123 label; ${complaint}`
        errors.push(invalidValue(path.index(index), namespace, detail))
      }
    })
}

function validateResources(
  rule: flowcontrol.v1.ResourcePolicyRule,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateVerbs(rule.verbs ?? [], path.child('verbs'), errors)
  const lists = [
    ['apiGroups', 'api group', 'api groups'],
    ['resources', 'resource', 'resources'],
  ] as const
  for (const [field, one, others] of lists) {
    const values = rule[field] ?? []
    const where = path.child(field)
    if (values.length === 0) errors.push(required(where, `resource rules must supply at least one ${one}`))
    else if (values.length > 1 && values.includes('*'))
      errors.push(invalidValue(where, values, onlyWildcard(others)))
  }
  validateNamespaces(rule, path.child('namespaces'), errors)
}

function validateRules(
  rules: flowcontrol.v1.PolicyRulesWithSubjects,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rules
  if (subjects.length === 0)
    errors.push(required(path.child('subjects'), 'subjects must contain at least one value'))
  subjects.forEach((subject, index) => {
    validateSubject(subject, path.child('subjects').index(index), errors)
  })
  if (resourceRules.length + nonResourceRules.length === 0) {
    const detail = 'at least one of resourceRules and nonResourceRules has to be non-empty'
    errors.push(required(path, detail))
  }
  resourceRules.forEach((rule, index) => {
    validateResources(rule, path.child('resourceRules').index(index), errors)
  })
  nonResourceRules.forEach((rule, index) => {
    validateUrls(rule, path.child('nonResourceRules').index(index), errors)
  })
}

function validateSpec(schema: FlowSchema, errors: FieldError[]): void {
  const path = fieldPath('spec')
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method, rules = [] } = schema.spec ?? {}
  const level = schema.spec?.priorityLevelConfiguration?.name ?? ''
  const refuse = (detail: string): void => {
    errors.push(invalidValue(path.child('matchingPrecedence'), precedence, detail))
  }
  if (precedence <= 0) refuse('must be a positive value')
  if (precedence > maxPrecedence) refuse(`must not be greater than ${maxPrecedence}`)
  if (precedence === 1 && schema.metadata?.name !== 'exempt')
    refuse("only the schema named 'exempt' may have matchingPrecedence 1")
  if (method !== undefined && !methods.includes(method.type))
    errors.push(notSupported(path.child('distinguisherMethod').child('type'), method, methods))
  const where = path.child('priorityLevelConfiguration').child('name')
  if (level === '') errors.push(required(where, 'must reference a priority level'))
  else checkText(level, isDns1123Subdomain, where, errors)
  rules.forEach((rule, index) => {
    validateRules(rule, path.child('rules').index(index), errors)
  })
}

export function validateFlowSchema(
  schema: FlowSchema,
  old: FlowSchema | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old === undefined || context.subresource !== 'status') validateSpec(schema, errors)
  validateFlowConditions(schema.status?.conditions, errors)
  return errors
}
