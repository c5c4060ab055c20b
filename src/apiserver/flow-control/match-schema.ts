import type { flowcontrol } from '../../api/generated/types/index.ts'
import type { RequestInfo, UserInfo } from '../request.ts'

type Subject = flowcontrol.v1.Subject
type ResourceRule = flowcontrol.v1.ResourcePolicyRule
type NonResourceRule = flowcontrol.v1.NonResourcePolicyRule
type Rules = flowcontrol.v1.PolicyRulesWithSubjects

type Test<T> = (value: T) => boolean

const always = (): boolean => true
const anyOf =
  <T>(tests: readonly Test<T>[]): Test<T> =>
  (value) => {
    for (const test of tests) if (test(value)) return true
    return false
  }

/** A list that is nothing but a star means everything; the star is no pattern elsewhere. */
function oneOf(given: readonly string[] | null | undefined): Test<string> {
  const values = given ?? []
  if (values.length === 1 && values[0] === '*') return always
  return (value) => values.includes(value)
}

const accountPrefix = 'system:serviceaccount:'

function subjectTest({ kind, user, group, serviceAccount }: Subject): Test<UserInfo> {
  if (kind === 'User' && user !== undefined)
    return user.name === '*' ? always : ({ name }) => name === user.name
  if (kind === 'Group' && group !== undefined)
    return group.name === '*' ? always : ({ groups }) => groups.includes(group.name)
  if (kind !== 'ServiceAccount' || serviceAccount === undefined) return () => false
  const ofNamespace = `${accountPrefix}${serviceAccount.namespace}:`
  if (serviceAccount.name === '*') return ({ name }) => name.startsWith(ofNamespace)
  return ({ name }) => name === `${ofNamespace}${serviceAccount.name}`
}

function resourceTest(rule: ResourceRule): Test<RequestInfo> {
  const verb = oneOf(rule.verbs)
  const group = oneOf(rule.apiGroups)
  const resource = oneOf(rule.resources)
  const namespace = oneOf(rule.namespaces)
  const cluster = rule.clusterScope ?? false
  return (info) =>
    verb(info.verb) &&
    resource(info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`) &&
    group(info.group) &&
    (info.namespace === '' ? cluster : namespace(info.namespace))
}

function pathTest(pattern: string): Test<string> {
  if (pattern === '*') return always
  const prefix = pattern.replace(/\*$/, '').replace(/\/?$/, '/')
  return (path) => path === pattern || path.startsWith(prefix)
}

function nonResourceTest(rule: NonResourceRule): Test<RequestInfo> {
  const verb = oneOf(rule.verbs)
  const path = anyOf(rule.nonResourceURLs.map(pathTest))
  return (info) => verb(info.verb) && path(info.path)
}

export type SchemaTest = (user: UserInfo, info: RequestInfo) => boolean

function rulesTest(rules: Rules): SchemaTest {
  const subject = anyOf(rules.subjects.map(subjectTest))
  const resource = anyOf((rules.resourceRules ?? []).map(resourceTest))
  const nonResource = anyOf((rules.nonResourceRules ?? []).map(nonResourceTest))
  return (user, info) => subject(user) && (info.isResourceRequest ? resource(info) : nonResource(info))
}

/** Whether a flow schema takes a request, made ready once. */
export function schemaTest(spec: flowcontrol.v1.FlowSchemaSpec): SchemaTest {
  const tests = (spec.rules ?? []).map(rulesTest)
  return (user, info) => {
    for (const test of tests) if (test(user, info)) return true
    return false
  }
}
