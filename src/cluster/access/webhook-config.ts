import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Environment } from '../../apimachinery/cel/index.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, invalidValue, notSupported, required, tooMany } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import {
  compileCondition,
  type ReviewCondition,
  reviewEnvironment,
} from '../../apiserver/authorization/review-conditions.ts'
import { type KubeconfigContext, loadKubeconfig } from '../../client/https/kubeconfig.ts'
import { booleanOf, durationOf, type Fields, listOf, only, textOf } from '../components/config-fields.ts'
import type { AuthorizerChoice } from './access-options.ts'

const webhookFields = [
  ...['authorizedTTL', 'cacheAuthorizedRequests', 'unauthorizedTTL', 'cacheUnauthorizedRequests', 'timeout'],
  ...['subjectAccessReviewVersion', 'matchConditionSubjectAccessReviewVersion', 'failurePolicy'],
  ...['connectionInfo', 'matchConditions'],
]

/** Upstream's defaults and limits. */
const defaultAllowedLifeMs = 5 * 60_000
const defaultDeniedLifeMs = 30_000
const maxTimeoutMs = 30_000
const maxConditions = 64

const goSeconds = (ms: number): string => `${ms / 1000}s`

/** What is wrong with a kubeconfig's path, undefined for nothing. */
function kubeconfigComplaint(file: string): string | undefined {
  if (!isAbsolute(file)) return 'must be an absolute path'
  try {
    return statSync(file).isFile() ? undefined : 'must be a regular file'
  } catch {
    return `error loading file: stat ${file}: no such file or directory`
  }
}

/** Reads one webhook. Errors are upstream's, at upstream's places: of the authorizer, not of its `webhook`. */
class WebhookReader {
  readonly #fields: Fields
  readonly #path: FieldPath
  readonly #errors: FieldError[]

  constructor(fields: Fields, path: FieldPath, errors: FieldError[]) {
    this.#fields = fields
    this.#path = path
    this.#errors = errors
  }

  timeoutMs(): number {
    const path = this.#path.child('timeout')
    const ms = durationOf(this.#fields, 'timeout') ?? 0
    if (ms === 0) this.#errors.push(required(path))
    else if (ms > maxTimeoutMs || ms < 0)
      this.#errors.push(invalidValue(path, goSeconds(ms), 'must be > 0s and <= 30s'))
    return ms
  }

  lifeMs(name: string, cache: string, fallbackMs: number): number {
    const ms = durationOf(this.#fields, name) || fallbackMs
    if (ms < 0) this.#errors.push(invalidValue(this.#path.child(name), goSeconds(ms), 'must be > 0s'))
    return booleanOf(this.#fields, cache) === false ? 0 : ms
  }

  oneOf<T extends string>(name: string, choices: readonly [T, ...T[]], isRequired: boolean, why = ''): T {
    const value = textOf(this.#fields, name) ?? ''
    const path = this.#path.child(name)
    const known = choices.find((choice) => choice === value)
    if (known !== undefined) return known
    if (value !== '') this.#errors.push(notSupported(path, value, choices))
    else if (isRequired) this.#errors.push(required(path, why))
    return choices[0]
  }

  conditions(): readonly ReviewCondition[] {
    const items = listOf(this.#fields, 'matchConditions') ?? []
    const path = this.#path.child('matchConditions')
    if (items.length > maxConditions) {
      this.#errors.push(tooMany(path, items.length, maxConditions))
      return []
    }
    const environment = items.length === 0 ? undefined : reviewEnvironment()
    const seen = new Set<string>()
    return items.flatMap((item, index) => {
      const where = path.index(index)
      const text = textOf(only(item, String(where), ['expression']), 'expression') ?? ''
      if (environment === undefined) return []
      return this.#condition(environment, text, seen, where.child('expression'))
    })
  }

  #condition(
    environment: Environment,
    text: string,
    seen: Set<string>,
    path: FieldPath,
  ): readonly ReviewCondition[] {
    if (text.trim() === '') this.#errors.push(required(path))
    else if (seen.has(text)) this.#errors.push(duplicate(path, text))
    else {
      seen.add(text)
      const compiled = compileCondition(environment, text)
      if (!('error' in compiled)) return [compiled]
      this.#errors.push(invalidValue(path, text, compiled.error))
    }
    return []
  }

  connection(): KubeconfigContext | undefined {
    const path = this.#path.child('connectionInfo')
    const fields = only(this.#fields['connectionInfo'], String(path), ['type', 'kubeConfigFile'])
    const file = textOf(fields, 'kubeConfigFile')
    const type = textOf(fields, 'type') ?? ''
    const where = path.child('kubeConfigFile')
    if (type === '') this.#errors.push(required(path.child('type')))
    else if (type === 'InClusterConfig') {
      const detail = 'can only be set when type=KubeConfigFile'
      if (file === undefined) {
        // The API says so; upstream takes it, and then ends for want of a file's name.
        this.#errors.push(invalidValue(path.child('type'), type, 'is not allowed for kube-apiserver'))
      } else this.#errors.push(invalidValue(where, file, detail))
    } else if (type !== 'KubeConfigFile') {
      this.#errors.push(notSupported(path.child('type'), type, ['InClusterConfig', 'KubeConfigFile']))
    } else return this.#kubeconfig(file, where)
    return undefined
  }

  #kubeconfig(file: string | undefined, path: FieldPath): KubeconfigContext | undefined {
    if (!file) {
      this.#errors.push(required(path))
      return undefined
    }
    const complaint = kubeconfigComplaint(file)
    if (complaint !== undefined) {
      this.#errors.push(invalidValue(path, file, complaint))
      return undefined
    }
    return loadKubeconfig(file)
  }
}

/** One webhook of an AuthorizationConfiguration; undefined where `errors` say why not. */
export function webhookOf(
  name: string,
  value: unknown,
  path: FieldPath,
  errors: FieldError[],
): AuthorizerChoice | undefined {
  const fields = only(value, String(path.child('webhook')), webhookFields)
  const reader = new WebhookReader(fields, path, errors)
  const before = errors.length
  const hasConditions = (listOf(fields, 'matchConditions') ?? []).length > 0
  const timeoutMs = reader.timeoutMs()
  const allowedLifeMs = reader.lifeMs('authorizedTTL', 'cacheAuthorizedRequests', defaultAllowedLifeMs)
  const deniedLifeMs = reader.lifeMs('unauthorizedTTL', 'cacheUnauthorizedRequests', defaultDeniedLifeMs)
  const reviewVersion = reader.oneOf('subjectAccessReviewVersion', ['v1', 'v1beta1'], true)
  const whyVersion = 'required if match conditions are specified'
  reader.oneOf('matchConditionSubjectAccessReviewVersion', ['v1'], hasConditions, whyVersion)
  const failurePolicy = reader.oneOf('failurePolicy', ['NoOpinion', 'Deny'], true)
  const connection = reader.connection()
  const conditions = reader.conditions()
  if (errors.length > before || connection === undefined) return undefined
  const onFailure = failurePolicy === 'Deny' ? 'deny' : 'no-opinion'
  const { server: url, namespace: _namespace, ...trust } = connection
  return {
    type: 'Webhook',
    name,
    settings: { name, url, reviewVersion, allowedLifeMs, deniedLifeMs, timeoutMs, onFailure, conditions },
    trust,
  }
}
