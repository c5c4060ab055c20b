import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { notFound } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'

const namespaces = { group: '', resource: 'namespaces' }

/** The namespace that a request's object is in; undefined for what is in none. Throws NotFound. */
export function namespaceOf(
  { namespace, kind }: AdmissionAttributes,
  reader: ObjectReader,
): KubernetesObject | undefined {
  const isNamespace = kind.kind === 'Namespace' && kind.version === 'v1' && kind.group === ''
  if (namespace === '' || isNamespace) return undefined
  const found = reader.get(namespaces, '', namespace)
  if (found === undefined) throw notFound({ ...namespaces, name: namespace })
  return found
}
