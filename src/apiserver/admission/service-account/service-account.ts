import { isMirrorPod } from '../../../api/core/pod/mirror-pod.ts'
import { podSecretNames } from '../../../api/core/pod/pod-references.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { Host } from '../../../base/host.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { generateName } from '../../rest/names.ts'
import { type TypedReader, typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'
import { ephemeralProblems, secretProblems } from './mountable-secrets.ts'
import { withTokenVolume } from './token-volume.ts'

type Pod = core.v1.Pod
type PodSpec = core.v1.PodSpec
type Account = core.v1.ServiceAccount

const defaultAccount = 'default'
/** How long a namespace's default account, which a controller makes, is waited for: upstream tries ten times, 100 to 200 ms apart. */
const defaultAccountWaitMs = 1_500

/** Resolves with the account when it comes, undefined when it does not. */
function waitFor(
  host: Host,
  accounts: TypedReader<Account>,
  namespace: string,
  name: string,
): Promise<Account | undefined> {
  return new Promise((resolve) => {
    const finish = (account: Account | undefined): void => {
      stop()
      timer.cancel()
      resolve(account)
    }
    const stop = accounts.onChange((account) => {
      if (account?.metadata?.namespace === namespace && account.metadata.name === name) finish(account)
    })
    const timer = host.schedule(defaultAccountWaitMs, () => finish(undefined))
  })
}

function checkMirror(attributes: AdmissionAttributes, pod: Pod): void {
  if (pod.spec?.serviceAccountName)
    throw refuse(attributes, 'a mirror pod may not reference service accounts')
  for (const name of podSecretNames(pod)) {
    if (name !== undefined) throw refuse(attributes, 'a mirror pod may not reference secrets')
  }
  const projects = pod.spec?.volumes?.some((volume) =>
    volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined),
  )
  if (projects) throw refuse(attributes, 'a mirror pod may not use ServiceAccountToken volume projections')
}

/** Every pod has a service account, its token mounted, and its pull secrets (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). */
export class ServiceAccountPlugin implements AdmissionPlugin {
  readonly name = 'ServiceAccount'
  readonly handles = matches({
    operations: ['CREATE', 'UPDATE'],
    resources: ['pods'],
    subresources: ['', 'ephemeralcontainers'],
  })
  readonly #host: Host
  readonly #accounts: TypedReader<Account>

  constructor(host: Host, reader: ObjectReader) {
    this.#host = host
    this.#accounts = typedReader(reader, { group: '', resource: 'serviceaccounts' })
  }

  mutate(
    attributes: AdmissionAttributes,
    object: KubernetesObject,
  ): KubernetesObject | Promise<KubernetesObject> {
    const pod = object as Pod
    if (attributes.operation !== 'CREATE' || attributes.subresource !== '' || pod.spec === undefined)
      return object
    if (isMirrorPod(pod)) {
      checkMirror(attributes, pod)
      return object
    }
    const { spec } = pod
    const name = spec.serviceAccountName || defaultAccount
    const account = this.#accounts.get(attributes.namespace, name)
    if (account !== undefined) return this.#complete(attributes, pod, spec, account)
    if (name !== defaultAccount) throw this.#missing(attributes, name)
    return waitFor(this.#host, this.#accounts, attributes.namespace, name).then((found) => {
      if (found === undefined) throw this.#missing(attributes, name)
      return this.#complete(attributes, pod, spec, found)
    })
  }

  #missing(attributes: AdmissionAttributes, name: string): Error {
    return refuse(
      attributes,
      `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`,
    )
  }

  #complete(attributes: AdmissionAttributes, pod: Pod, spec: PodSpec, account: Account): Pod {
    const name = account.metadata?.name ?? ''
    const automount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
    const mounted = automount ? withTokenVolume(spec, (prefix) => generateName(prefix, this.#host)) : spec
    const pull = account.imagePullSecrets ?? []
    const complete: PodSpec = {
      ...mounted,
      serviceAccountName: name,
      // The deprecated name of the same field, which the API always shows beside it.
      serviceAccount: name,
      ...(spec.imagePullSecrets?.length || pull.length === 0 ? {} : { imagePullSecrets: pull }),
    }
    for (const problem of secretProblems(complete, account)) throw refuse(attributes, problem)
    return { ...pod, spec: complete }
  }

  validate(attributes: AdmissionAttributes): void {
    const pod = attributes.object as Pod
    const ephemeral = attributes.operation === 'UPDATE' && attributes.subresource === 'ephemeralcontainers'
    if (pod.spec === undefined || (attributes.operation !== 'CREATE' && !ephemeral)) return
    if (isMirrorPod(pod)) {
      checkMirror(attributes, pod)
      return
    }
    const { namespace } = attributes
    const name = pod.spec.serviceAccountName ?? ''
    if (name === '') {
      throw refuse(
        attributes,
        `no service account specified for pod ${namespace}/${pod.metadata?.name ?? ''}`,
      )
    }
    const account = this.#accounts.get(namespace, name)
    if (account === undefined) throw this.#missing(attributes, name)
    const problems = ephemeral ? ephemeralProblems(pod.spec, account) : secretProblems(pod.spec, account)
    for (const problem of problems) throw refuse(attributes, problem)
  }
}
