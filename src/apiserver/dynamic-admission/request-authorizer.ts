import type {
  AuthorizationAnswer,
  AuthorizationQuestion,
  ExpressionAuthorizer,
} from '../../apimachinery/cel/index.ts'
import { messageOf } from '../../base/message-of.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { Authorizer, AuthorizerDecision } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'

/** An answer that is still to come; whoever asked starts anew once it is there. */
class Waiting extends Error {
  override readonly name = 'Waiting'
  readonly answer: Promise<void>

  constructor(answer: Promise<void>) {
    super('an authorizer has to wait')
    this.answer = answer
  }
}

const answerOf = ({ decision, reason }: AuthorizerDecision): AuthorizationAnswer => ({
  allowed: decision === 'allow',
  reason,
})

const failed = (error: unknown): AuthorizationAnswer => ({
  allowed: false,
  reason: '',
  error: messageOf(error),
})

/** Answers expressions' questions about one request's user; each is asked once. */
export class RequestAuthorizer implements ExpressionAuthorizer {
  readonly #authorizer: Authorizer
  readonly #user: UserInfo
  readonly #answers: Map<string, AuthorizationAnswer>

  constructor(authorizer: Authorizer, user: UserInfo, answers = new Map<string, AuthorizationAnswer>()) {
    this.#authorizer = authorizer
    this.#user = user
    this.#answers = answers
  }

  check(question: AuthorizationQuestion): AuthorizationAnswer {
    const key = JSON.stringify([this.#user, question])
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const decided = this.#ask(question)
    if (!(decided instanceof Promise)) {
      this.#answers.set(key, decided)
      return decided
    }
    throw new Waiting(decided.then((answer) => void this.#answers.set(key, answer)))
  }

  #ask(question: AuthorizationQuestion): MaybePromise<AuthorizationAnswer> {
    const { labelSelector, fieldSelector, ...asked } = question
    const selectors = {
      ...(labelSelector === '' ? {} : { labelSelector }),
      ...(fieldSelector === '' ? {} : { fieldSelector }),
    }
    const version = question.isResourceRequest ? '*' : ''
    try {
      const decided = this.#authorizer.authorize({ ...asked, ...selectors, user: this.#user, version })
      return decided instanceof Promise ? decided.then(answerOf, failed) : answerOf(decided)
    } catch (error) {
      return failed(error)
    }
  }

  forServiceAccount(namespace: string, name: string): ExpressionAuthorizer {
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
    const user = { name: `system:serviceaccount:${namespace}:${name}`, groups }
    return new RequestAuthorizer(this.#authorizer, user, this.#answers)
  }
}

/** Evaluates what may ask a RequestAuthorizer, over again until all answers are there. */
export function withAnswers<T>(evaluate: () => T): MaybePromise<T> {
  try {
    return evaluate()
  } catch (error) {
    if (!(error instanceof Waiting)) throw error
    return error.answer.then(() => withAnswers(evaluate))
  }
}
