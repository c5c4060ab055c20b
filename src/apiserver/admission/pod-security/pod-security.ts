import type { core } from '../../../api/generated/types/index.ts'
import type { KubernetesObject, ObjectMeta, StringMap } from '../../../apimachinery/meta.ts'
import { forbidden, internalError, invalid } from '../../../apimachinery/status-error.ts'
import type { Host } from '../../../base/host.ts'
import { collected, inSteps } from '../../../base/in-steps.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { MaybePromise } from '../../authenticator.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { type TypedReader, typedReader } from '../../typed-reader.ts'
import type { PodSpec } from './check.ts'
import { PodEvaluator, type Violations } from './evaluate-pod.ts'
import { existingPodWarnings } from './existing-pods.ts'
import { PodSecurityMetrics } from './pod-security-metrics.ts'
import { hasPodTemplate, podTemplateOf } from './pod-template.ts'
import {
  compareLevels,
  isEquivalent,
  isFullyPrivileged,
  type LevelVersion,
  labelPrefix,
  levelText,
  type PodSecurityPolicy,
  privilegedPolicy,
  type ReadPolicy,
  readPolicy,
} from './policy.ts'
import { isSignificantUpdate } from './significant-update.ts'

type Pod = core.v1.Pod

/** Whose pods nobody looks at. */
export interface PodSecurityExemptions {
  readonly usernames: readonly string[]
  readonly namespaces: readonly string[]
  readonly runtimeClasses: readonly string[]
}

/** `PodSecurityConfiguration`. */
export interface PodSecurityConfiguration {
  readonly defaults: PodSecurityPolicy
  readonly exemptions: PodSecurityExemptions
}

export const defaultPodSecurity: PodSecurityConfiguration = {
  defaults: privilegedPolicy,
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
}

/** Those that change nothing of what the pod may do. */
const ignoredSubresources = [
  ...['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'],
]

export interface PodSecurityOptions {
  readonly host: Host
  readonly reader: ObjectReader
  readonly metrics: Metrics
  /** Of the release: what is asked for as of a later one is shown as `future`. */
  readonly minor: number
  readonly configuration: PodSecurityConfiguration
}

/** Pod Security Admission (https://kubernetes.io/docs/concepts/security/pod-security-admission/). */
export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity'
  readonly #host: Host
  readonly #configuration: PodSecurityConfiguration
  readonly #metrics: PodSecurityMetrics
  readonly #evaluator = new PodEvaluator()
  readonly #namespaces: TypedReader<core.v1.Namespace>
  readonly #pods: TypedReader<Pod>

  constructor(options: PodSecurityOptions) {
    const { host, reader, metrics, minor, configuration } = options
    this.#host = host
    this.#configuration = configuration
    this.#metrics = new PodSecurityMetrics(metrics, minor)
    this.#namespaces = typedReader<core.v1.Namespace>(reader, { group: '', resource: 'namespaces' })
    this.#pods = typedReader<Pod>(reader, { group: '', resource: 'pods' })
  }

  handles: AdmissionPlugin['handles'] = (operation, kind, subresource) => {
    if (operation !== 'CREATE' && operation !== 'UPDATE') return false
    if (kind.group === '' && kind.resource === 'pods') return !ignoredSubresources.includes(subresource)
    if (subresource !== '') return false
    return (kind.group === '' && kind.resource === 'namespaces') || hasPodTemplate(kind)
  }

  validate(attributes: AdmissionAttributes): MaybePromise<void> {
    const { resource, object } = attributes
    if (object === undefined) return
    if (resource.group !== '') this.#validateController(attributes, object)
    else if (resource.resource === 'namespaces') return this.#validateNamespace(attributes, object)
    else if (resource.resource === 'pods') this.#validatePod(attributes, object)
    else this.#validateController(attributes, object)
  }

  #policyOf(labels: StringMap | undefined): ReadPolicy {
    return readPolicy(labels, this.#configuration.defaults)
  }

  #validateNamespace(attributes: AdmissionAttributes, object: KubernetesObject): MaybePromise<void> {
    const labels = object.metadata?.labels
    const { policy, errors } = this.#policyOf(labels)
    const { oldObject, name } = attributes
    const old = oldObject === undefined ? undefined : this.#policyOf(oldObject.metadata?.labels)
    const known = JSON.stringify(old?.errors ?? [])
    if (errors.length > 0 && known !== JSON.stringify(errors))
      throw invalid({ group: '', kind: 'Namespace', name }, errors)
    const exempt = this.#configuration.exemptions.namespaces.includes(attributes.namespace)
    const enforce = policy.enforce
    if (old === undefined) {
      if (exempt) this.#warnOfExemption(attributes, policy, labels)
      return
    }
    const before = old.policy.enforce
    if (enforce.level === 'privileged') return
    if (enforce.version === before.version && compareLevels(enforce.level, before.level) < 1) return
    if (exempt) {
      this.#warnOfExemption(attributes, policy, labels)
      return
    }
    return this.#warnOfPods(attributes, enforce)
  }

  /** There may be thousands. */
  async #warnOfPods(attributes: AdmissionAttributes, enforce: LevelVersion): Promise<void> {
    const { name } = attributes
    const { runtimeClasses } = this.#configuration.exemptions
    const all = await inSteps(this.#host, collected(this.#pods.each(name)))
    const pods = all.filter(({ spec }) => !runtimeClasses.includes(spec?.runtimeClassName ?? ''))
    const warnings = existingPodWarnings(this.#host, this.#evaluator, name, enforce, pods)
    for (const text of await inSteps(this.#host, warnings)) attributes.warn(text)
  }

  /** Who asks for something where nobody looks is told so. */
  #warnOfExemption(
    attributes: AdmissionAttributes,
    policy: PodSecurityPolicy,
    labels: StringMap | undefined,
  ): void {
    if (isFullyPrivileged(policy) || isEquivalent(policy, this.#configuration.defaults)) return
    const { enforce, audit, warn } = policy
    const asked = Object.entries({ enforce, audit, warn }).flatMap(([mode, wanted]) => {
      const label = `${labelPrefix}${mode}`
      const isSaid = labels?.[label] !== undefined || labels?.[`${label}-version`] !== undefined
      return wanted.level !== 'privileged' && isSaid ? [`${mode}=${levelText(wanted)}`] : []
    })
    attributes.warn(
      `namespace "${attributes.name}" is exempt from Pod Security, and the policy (${asked.join(', ')}) will be ignored`,
    )
  }

  /** True, and noted: nobody looks at it. */
  #isExempt(attributes: AdmissionAttributes): boolean {
    const { namespaces, usernames } = this.#configuration.exemptions
    const why = namespaces.includes(attributes.namespace)
      ? 'namespace'
      : usernames.includes(attributes.user.name)
        ? 'user'
        : undefined
    if (why === undefined) return false
    this.#metrics.exempt(attributes)
    attributes.annotate(`${labelPrefix}exempt`, why)
    return true
  }

  #validatePod(attributes: AdmissionAttributes, object: KubernetesObject): void {
    if (this.#isExempt(attributes)) return
    const namespace = this.#namespaces.get('', attributes.namespace)
    if (namespace === undefined) {
      this.#metrics.failed(true, attributes)
      throw internalError(`failed to lookup namespace "${attributes.namespace}"`)
    }
    const read = this.#policyOf(namespace.metadata?.labels)
    if (read.errors.length === 0 && isFullyPrivileged(read.policy)) {
      this.#metrics.evaluated('allow', 'enforce', read.policy.enforce, attributes)
      attributes.annotate(`${labelPrefix}enforce-policy`, 'privileged:latest')
      return
    }
    const pod = object as Pod
    const old = attributes.oldObject as Pod | undefined
    if (attributes.operation === 'UPDATE' && old !== undefined && !isSignificantUpdate(pod, old)) return
    this.#evaluate(attributes, read, pod.spec, pod.metadata, true)
  }

  #validateController(attributes: AdmissionAttributes, object: KubernetesObject): void {
    if (this.#isExempt(attributes)) return
    const namespace = this.#namespaces.get('', attributes.namespace)
    if (namespace === undefined) {
      this.#metrics.failed(true, attributes)
      const why = `namespaces "${attributes.namespace}" not found`
      attributes.annotate(
        `${labelPrefix}error`,
        `failed to lookup namespace "${attributes.namespace}": ${why}`,
      )
      return
    }
    const read = this.#policyOf(namespace.metadata?.labels)
    const { warn, audit } = read.policy
    if (read.errors.length === 0 && warn.level === 'privileged' && audit.level === 'privileged') return
    const template = podTemplateOf(attributes.resource, object)
    if (template !== undefined) this.#evaluate(attributes, read, template.spec, template.metadata, false)
  }

  #evaluate(
    attributes: AdmissionAttributes,
    { policy, errors }: ReadPolicy,
    spec: PodSpec = { containers: [] },
    metadata: ObjectMeta = {},
    enforces: boolean,
  ): void {
    const annotate = (key: string, value: string): void => attributes.annotate(`${labelPrefix}${key}`, value)
    const runtimeClass = spec.runtimeClassName ?? ''
    if (runtimeClass !== '' && this.#configuration.exemptions.runtimeClasses.includes(runtimeClass)) {
      this.#metrics.exempt(attributes)
      annotate('exempt', 'runtimeClass')
      return
    }
    if (errors.length > 0) {
      const texts = errors.map(({ field, message }) => `${field}: ${message}`)
      const all = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
      annotate('error', `Failed to parse policy: ${all}`)
      this.#metrics.failed(false, attributes)
    }
    const found = new Map<string, Violations>()
    const judge = (level: LevelVersion): Violations => {
      const known = found.get(levelText(level))
      const violations = known ?? this.#evaluator.evaluate(level, spec, metadata)
      found.set(levelText(level), violations)
      return violations
    }
    const { enforce, audit, warn } = policy
    const denial = enforces ? judge(enforce) : undefined
    if (denial !== undefined) {
      annotate('enforce-policy', levelText(enforce))
      this.#metrics.evaluated(denial.none ? 'allow' : 'deny', 'enforce', enforce, attributes)
    }
    const noted = judge(audit)
    if (!noted.none) {
      annotate('audit-violations', `would violate PodSecurity "${levelText(audit)}": ${noted.details}`)
      this.#metrics.evaluated('deny', 'audit', audit, attributes)
    }
    if (denial !== undefined && !denial.none) {
      const { group, resource } = attributes.resource
      const why = `violates PodSecurity "${levelText(enforce)}": ${denial.details}`
      throw forbidden({ group, resource, name: attributes.name }, why)
    }
    const warned = judge(warn)
    if (warned.none) return
    attributes.warn(`would violate PodSecurity "${levelText(warn)}": ${warned.details}`)
    this.#metrics.evaluated('deny', 'warn', warn, attributes)
  }
}
