import type { core } from '../../api/generated/types/index.ts'
import { decodeBase64 } from '../../base/base64.ts'
import { expand } from './expand.ts'
import { fieldValue, type PodPlace, resourceValue } from './field-reference.ts'

type ConfigMap = core.v1.ConfigMap
type Container = core.v1.Container
type Pod = core.v1.Pod
type Secret = core.v1.Secret

/** Objects that pods refer to. Each resolves to undefined where the object does not exist. */
export interface ReferencedObjects {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
}

export interface EnvironmentInput {
  readonly pod: Pod
  readonly container: Container
  readonly place: PodPlace
  readonly objects: ReferencedObjects
  readonly services: ReadonlyMap<string, string>
  /** Reads one variable of a file in one of the pod's volumes (`fileKeyRef`); undefined when it is not in there. */
  readonly fileVariable: (reference: core.v1.FileKeySelector) => Promise<string | undefined>
}

const secretText = (secret: Secret, key: string): string | undefined => {
  const value = secret.data?.[key]
  return value === undefined ? undefined : new TextDecoder().decode(decodeBase64(value))
}

/** Says "skip it" where something optional is missing. */
const skipped = Symbol('skipped')

/** The variables of a container. Rejects with upstream's texts: what shows as CreateContainerConfigError. */
export async function containerEnvironment(input: EnvironmentInput): Promise<ReadonlyMap<string, string>> {
  const { container, services } = input
  const variables = new Map<string, string>()
  for (const source of container.envFrom ?? []) await addAll(input, source, variables)
  const lookup = (name: string): string | undefined => variables.get(name) ?? services.get(name)
  for (const variable of container.env ?? []) {
    const value =
      variable.value === undefined || variable.value === ''
        ? await sourcedValue(input, variable.valueFrom)
        : expand(variable.value, lookup)
    if (value !== skipped) variables.set(variable.name, value)
  }
  for (const [name, value] of services) if (!variables.has(name)) variables.set(name, value)
  return variables
}

async function addAll(
  input: EnvironmentInput,
  source: core.v1.EnvFromSource,
  variables: Map<string, string>,
): Promise<void> {
  const prefix = source.prefix ?? ''
  if (source.configMapRef !== undefined) {
    const map = await configMapOf(input, source.configMapRef)
    for (const [key, value] of Object.entries(map?.data ?? {})) variables.set(prefix + key, value)
  } else if (source.secretRef !== undefined) {
    const secret = await secretOf(input, source.secretRef)
    for (const key of Object.keys(secret?.data ?? {})) {
      variables.set(prefix + key, (secret && secretText(secret, key)) ?? '')
    }
  }
}

interface Reference {
  readonly name?: string
  readonly optional?: boolean
}

async function configMapOf(input: EnvironmentInput, reference: Reference): Promise<ConfigMap | undefined> {
  const name = reference.name ?? ''
  const found = await input.objects.configMap(input.pod.metadata?.namespace ?? '', name)
  if (found === undefined && reference.optional !== true) throw new Error(`configmap "${name}" not found`)
  return found
}

async function secretOf(input: EnvironmentInput, reference: Reference): Promise<Secret | undefined> {
  const name = reference.name ?? ''
  const found = await input.objects.secret(input.pod.metadata?.namespace ?? '', name)
  if (found === undefined && reference.optional !== true) throw new Error(`secret "${name}" not found`)
  return found
}

async function sourcedValue(
  input: EnvironmentInput,
  source: core.v1.EnvVarSource | undefined,
): Promise<string | typeof skipped> {
  const { pod, container, place } = input
  const namespace = pod.metadata?.namespace ?? ''
  if (source?.fieldRef !== undefined) return fieldValue(pod, source.fieldRef.fieldPath, place)
  if (source?.resourceFieldRef !== undefined) {
    return resourceValue(source.resourceFieldRef, pod, container, place)
  }
  if (source?.configMapKeyRef !== undefined) {
    const reference = source.configMapKeyRef
    const value = (await configMapOf(input, reference))?.data?.[reference.key]
    return found(
      value,
      reference,
      `couldn't find key ${reference.key} in ConfigMap ${namespace}/${reference.name}`,
    )
  }
  if (source?.secretKeyRef !== undefined) {
    const reference = source.secretKeyRef
    const secret = await secretOf(input, reference)
    const value = secret && secretText(secret, reference.key)
    return found(
      value,
      reference,
      `couldn't find key ${reference.key} in Secret ${namespace}/${reference.name}`,
    )
  }
  if (source?.fileKeyRef !== undefined) {
    const reference = source.fileKeyRef
    const value = await input.fileVariable(reference)
    const missing = `environment variable key "${reference.key}" not found in file "${reference.path}"`
    return found(value, reference, missing)
  }
  return ''
}

function found(value: string | undefined, reference: Reference, missing: string): string | typeof skipped {
  if (value !== undefined) return value
  if (reference.optional === true) return skipped
  throw new Error(missing)
}
