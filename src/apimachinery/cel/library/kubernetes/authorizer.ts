import { isDns1123Label, isDns1123Subdomain } from '../../../names.ts'
import { boolType, type CelType, stringType, structType } from '../../types/type.ts'
import { CelError, type Equality, noSuchOverload, Opaque, type Value } from '../../values/value.ts'
import {
  declare,
  type FunctionDeclaration,
  method1,
  method2,
  method3,
  type Parameter,
  parameters,
} from '../declare.ts'

/** What an expression asks to be allowed. Absent parts are ''. */
export interface AuthorizationQuestion {
  readonly isResourceRequest: boolean
  readonly path: string
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly fieldSelector: string
  readonly labelSelector: string
}

export interface AuthorizationAnswer {
  readonly allowed: boolean
  readonly reason: string
  /** Set if the question could not be answered. */
  readonly error?: string
}

/**
 * Who answers for a user. Evaluation is synchronous: an authorizer that has to wait may throw; `evaluate` lets that
 * through, and whoever asked evaluates again once the answer is there.
 */
export interface ExpressionAuthorizer {
  check(question: AuthorizationQuestion): AuthorizationAnswer
  /** The authorizer of `system:serviceaccount:<namespace>:<name>`. */
  forServiceAccount(namespace: string, name: string): ExpressionAuthorizer
}

const typeNamed = (name: string): CelType => structType(`kubernetes.authorization.${name}`)
export const authorizerType = typeNamed('Authorizer')
export const resourceCheckType = typeNamed('ResourceCheck')
const pathCheckType = typeNamed('PathCheck')
const groupCheckType = typeNamed('GroupCheck')
const decisionType = typeNamed('Decision')

/** Values that only have methods: each equals itself. */
abstract class Receiver extends Opaque {
  equals(other: Value): Equality {
    return other instanceof Receiver ? other === this : noSuchOverload()
  }

  toString(): string {
    return this.type.name
  }
}

/** The variable `authorizer`. */
export class AuthorizerValue extends Receiver {
  readonly authorizer: ExpressionAuthorizer

  constructor(authorizer: ExpressionAuthorizer) {
    super()
    this.authorizer = authorizer
  }

  get type(): CelType {
    return authorizerType
  }
}

const emptyQuestion: AuthorizationQuestion = {
  isResourceRequest: true,
  path: '',
  verb: '',
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
}

/** A question in the making. */
abstract class Check extends Receiver {
  readonly authorizer: ExpressionAuthorizer
  readonly question: AuthorizationQuestion

  constructor(authorizer: ExpressionAuthorizer, question: Partial<AuthorizationQuestion>) {
    super()
    this.authorizer = authorizer
    this.question = { ...emptyQuestion, ...question }
  }
}

class PathCheck extends Check {
  get type(): CelType {
    return pathCheckType
  }
}

class GroupCheck extends Check {
  get type(): CelType {
    return groupCheckType
  }
}

/** The variable `authorizer.requestResource`, and what `group().resource()` gives. */
export class ResourceCheck extends Check {
  get type(): CelType {
    return resourceCheckType
  }

  with(change: Partial<AuthorizationQuestion>): ResourceCheck {
    return new ResourceCheck(this.authorizer, { ...this.question, ...change })
  }
}

class DecisionValue extends Receiver {
  readonly answer: AuthorizationAnswer

  constructor(answer: AuthorizationAnswer) {
    super()
    this.answer = answer
  }

  get type(): CelType {
    return decisionType
  }
}

const { string } = parameters
const authorizer = parameters.opaque(
  authorizerType,
  (value): value is AuthorizerValue => value instanceof AuthorizerValue,
)
const pathCheck = parameters.opaque(pathCheckType, (value): value is PathCheck => value instanceof PathCheck)
const groupCheck = parameters.opaque(
  groupCheckType,
  (value): value is GroupCheck => value instanceof GroupCheck,
)
const resourceCheck = parameters.opaque(
  resourceCheckType,
  (value): value is ResourceCheck => value instanceof ResourceCheck,
)
const decision = parameters.opaque(
  decisionType,
  (value): value is DecisionValue => value instanceof DecisionValue,
)

const decide = (check: Check, verb: string): Value =>
  new DecisionValue(check.authorizer.check({ ...check.question, verb }))

function serviceAccount(from: AuthorizerValue, namespace: string, name: string): Value {
  if (isDns1123Subdomain(name).length > 0) return new CelError('Invalid service account name')
  if (isDns1123Label(namespace).length > 0) return new CelError('Invalid service account namespace')
  return new AuthorizerValue(from.authorizer.forServiceAccount(namespace, name))
}

const notEmpty = (what: string, text: string, make: () => Value): Value =>
  text.trim() === '' ? new CelError(`${what} must not be empty`) : make()

const narrow = (
  name: keyof AuthorizationQuestion,
  id: string,
  resource: Parameter<ResourceCheck> = resourceCheck,
): FunctionDeclaration =>
  declare(
    name,
    method2(id, resource, string, resourceCheckType, (check, text) => check.with({ [name]: text })),
  )

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-authorizer-library */
export const authorizerFunctions: readonly FunctionDeclaration[] = [
  declare(
    'path',
    method2('authorizer_path', authorizer, string, pathCheckType, (from, path) =>
      notEmpty('path', path, () => new PathCheck(from.authorizer, { isResourceRequest: false, path })),
    ),
  ),
  declare(
    'group',
    method2(
      'authorizer_group',
      authorizer,
      string,
      groupCheckType,
      (from, group) => new GroupCheck(from.authorizer, { group }),
    ),
  ),
  declare(
    'serviceAccount',
    method3('authorizer_serviceaccount', authorizer, string, string, authorizerType, serviceAccount),
  ),
  declare(
    'resource',
    method2('groupcheck_resource', groupCheck, string, resourceCheckType, (from, resource) =>
      notEmpty(
        'resource',
        resource,
        () => new ResourceCheck(from.authorizer, { ...from.question, resource }),
      ),
    ),
  ),
  narrow('subresource', 'resourcecheck_subresource'),
  narrow('namespace', 'resourcecheck_namespace'),
  narrow('name', 'resourcecheck_name'),
  declare(
    'check',
    method2('pathcheck_check', pathCheck, string, decisionType, decide),
    method2('resourcecheck_check', resourceCheck, string, decisionType, decide),
  ),
  declare(
    'errored',
    method1('decision_errored', decision, boolType, ({ answer }) => answer.error !== undefined),
  ),
  declare(
    'error',
    method1('decision_error', decision, stringType, ({ answer }) => answer.error ?? ''),
  ),
  declare(
    'allowed',
    method1('decision_allowed', decision, boolType, ({ answer }) => answer.allowed),
  ),
  declare(
    'reason',
    method1('decision_reason', decision, stringType, ({ answer }) => answer.reason),
  ),
]

/** The part that came with AuthorizeWithSelectors. */
export const authorizerSelectorFunctions: readonly FunctionDeclaration[] = [
  narrow('fieldSelector', 'authorizer_fieldselector'),
  narrow('labelSelector', 'authorizer_labelselector'),
]
