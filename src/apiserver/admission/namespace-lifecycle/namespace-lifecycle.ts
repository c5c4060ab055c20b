import type { core } from '../../../api/generated/types/index.ts'
import { notFound, StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { refuse } from '../refusal.ts'

/** They belong to the system. */
const immortal = ['default', 'kube-system', 'kube-public']
/** Whether a namespace is there is nothing that a question about rights should tell. */
const accessReviews = 'localsubjectaccessreviews'

function terminating(attributes: AdmissionAttributes): StatusError {
  const { namespace } = attributes
  const { status } = refuse(
    attributes,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  )
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  return new StatusError({ ...status, details: { ...status.details, causes: [cause] } })
}

/** Nothing is written to a namespace that is not there, nothing is created in one that is going, and the system's own stay. */
export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  const namespaces = typedReader<core.v1.Namespace>(reader, { group: '', resource: 'namespaces' })
  const isNamespace = ({ resource }: AdmissionAttributes): boolean =>
    resource.group === '' && resource.resource === 'namespaces'
  return {
    name: 'NamespaceLifecycle',
    handles: (operation, kind) =>
      operation !== 'CONNECT' &&
      kind.resource !== accessReviews &&
      (kind.namespaced || (kind.group === '' && kind.resource === 'namespaces')),
    // Upstream's is a mutating plugin, so that it comes before all that look at the object.
    mutate: (attributes, object) => {
      if (isNamespace(attributes) || attributes.namespace === '') return object
      const namespace = namespaces.get('', attributes.namespace)
      if (namespace === undefined) {
        throw notFound({ group: '', resource: 'namespaces', name: attributes.namespace })
      }
      const goes =
        namespace.status?.phase === 'Terminating' || namespace.metadata?.deletionTimestamp !== undefined
      if (attributes.operation === 'CREATE' && goes) throw terminating(attributes)
      return object
    },
    validate: (attributes) => {
      const dies =
        attributes.operation === 'DELETE' && isNamespace(attributes) && attributes.subresource === ''
      if (dies && immortal.includes(attributes.name)) {
        throw refuse(attributes, 'this namespace may not be deleted')
      }
    },
  }
}
