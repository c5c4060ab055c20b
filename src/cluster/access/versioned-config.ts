import { type Fields, only } from '../components/config-fields.ts'

const group = 'apiserver.config.k8s.io'
const versions = ['v1', 'v1beta1', 'v1alpha1']

/** The fields of a configuration of the API server's own group, in any of its versions. Throws an Error in upstream's words. */
export function configOf(value: unknown, kind: string, names: readonly string[]): Fields {
  const fields = only(value, '', ['apiVersion', 'kind', ...names])
  const { apiVersion, kind: given } = fields
  if (typeof given !== 'string' || given === '') throw new Error("Object 'Kind' is missing")
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new Error("Object 'apiVersion' is missing")
  if (!versions.some((version) => apiVersion === `${group}/${version}`))
    throw new Error(`no kind "${given}" is registered for version "${apiVersion}"`)
  if (given !== kind) throw new Error(`expected ${kind}, got ${given}`)
  return fields
}
