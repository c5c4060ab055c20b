import type { core } from '../../../api/generated/types/index.ts'
import { isStatus } from '../../../apimachinery/status-error.ts'
import type { Transport } from '../../../apimachinery/transport.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { refuseBecause } from '../refusal.ts'

/** A namespace that is not there is made by the first object in it. `transport`: the server's own way in. */
export function namespaceAutoProvision(reader: ObjectReader, transport: () => Transport): AdmissionPlugin {
  const namespaces = typedReader<core.v1.Namespace>(reader, { group: '', resource: 'namespaces' })
  const provide = async (name: string): Promise<void> => {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    try {
      await transport().request({ method: 'POST', path: '/api/v1/namespaces', body })
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
    }
  }
  return {
    name: 'NamespaceAutoProvision',
    handles: (operation, kind) => operation === 'CREATE' && kind.namespaced,
    mutate: (attributes, object) => {
      const { namespace, dryRun } = attributes
      // A dry run must have no effect, and goes on to be refused.
      if (dryRun || namespace === '' || namespaces.get('', namespace) !== undefined) return object
      return provide(namespace).then(
        () => object,
        (error: unknown) => {
          throw refuseBecause(attributes, error)
        },
      )
    },
  }
}
