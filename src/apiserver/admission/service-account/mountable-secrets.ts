import type { core } from '../../../api/generated/types/index.ts'

type Account = core.v1.ServiceAccount
type PodSpec = core.v1.PodSpec

const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets'
/** `strconv.ParseBool` */
const truths = ['1', 't', 'T', 'true', 'TRUE', 'True']

const enforces = ({ metadata }: Account): boolean =>
  truths.includes(metadata?.annotations?.[enforceAnnotation] ?? '')

const notAllowed = (what: string, secret: string, account: Account): string =>
  `${what}="${secret}" is not allowed because service account ${account.metadata?.name} does not reference that secret`

type Environment = Pick<core.v1.Container, 'name' | 'env' | 'envFrom'>

function* environmentProblems(
  kind: string,
  containers: readonly Environment[] | undefined,
  account: Account,
  allowed: ReadonlySet<string | undefined>,
): Generator<string> {
  for (const { name, env, envFrom } of containers ?? []) {
    for (const variable of env ?? []) {
      const secret = variable.valueFrom?.secretKeyRef?.name
      if (secret === undefined || allowed.has(secret)) continue
      yield notAllowed(
        `${kind} ${name} with envVar ${variable.name} referencing secret.secretName`,
        secret,
        account,
      )
    }
    for (const source of envFrom ?? []) {
      const secret = source.secretRef?.name
      if (secret === undefined || allowed.has(secret)) continue
      yield notAllowed(`${kind} ${name} with envFrom referencing secret.secretName`, secret, account)
    }
  }
}

const secretsOf = (account: Account): ReadonlySet<string | undefined> =>
  new Set(account.secrets?.map(({ name }) => name))

/** Secrets that a pod uses though its service account, which restricts them by an annotation, does not list them. */
export function* secretProblems(spec: PodSpec, account: Account): Generator<string> {
  if (!enforces(account)) return
  const allowed = secretsOf(account)
  for (const { secret } of spec.volumes ?? []) {
    const name = secret?.secretName ?? ''
    if (secret !== undefined && !allowed.has(name)) {
      yield notAllowed('volume with secret.secretName', name, account)
    }
  }
  yield* environmentProblems('init container', spec.initContainers, account, allowed)
  yield* environmentProblems('container', spec.containers, account, allowed)
  const pull = new Set(account.imagePullSecrets?.map(({ name }) => name))
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (pull.has(name)) continue
    yield `imagePullSecrets[${index}].name="${name}" is not allowed because service account ${account.metadata?.name} does not reference that imagePullSecret`
  }
}

export function* ephemeralProblems(spec: PodSpec, account: Account): Generator<string> {
  if (!enforces(account)) return
  yield* environmentProblems('ephemeral container', spec.ephemeralContainers, account, secretsOf(account))
}
