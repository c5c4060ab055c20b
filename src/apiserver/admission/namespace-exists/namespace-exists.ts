import type { core } from '../../../api/generated/types/index.ts'
import { notFound } from '../../../apimachinery/status-error.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'

/** Nothing is written to a namespace that is not there: also deletions. */
export function namespaceExists(reader: ObjectReader): AdmissionPlugin {
  const namespaces = typedReader<core.v1.Namespace>(reader, { group: '', resource: 'namespaces' })
  return {
    name: 'NamespaceExists',
    handles: (operation, kind) => operation !== 'CONNECT' && kind.namespaced,
    validate: ({ namespace: name }) => {
      if (name !== '' && namespaces.get('', name) === undefined)
        throw notFound({ group: '', resource: 'namespaces', name })
    },
  }
}
