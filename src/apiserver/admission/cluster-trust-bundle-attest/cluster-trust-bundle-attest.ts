import type { certificates } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { Authorizer } from '../../authorizer.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'
import { mayUseSigner, orThrow } from '../signer-rights.ts'

/** Of an object, what neither the garbage collector nor the server itself changes. */
function withoutBookkeeping(object: KubernetesObject): unknown {
  const { metadata = {}, ...rest } = object
  const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _managers, ...own } = metadata
  return { ...rest, metadata: { ...own, resourceVersion: undefined, generation: undefined } }
}

const changesOnlyBookkeeping = (object: KubernetesObject, old: KubernetesObject): boolean =>
  semanticallyEqual(withoutBookkeeping(object), withoutBookkeeping(old))

/** Trust bundles of a signer are written by those who may `attest` for it. */
export const clusterTrustBundleAttest = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'ClusterTrustBundleAttest',
  handles: matches({
    operations: ['CREATE', 'UPDATE'],
    resources: ['clustertrustbundles.certificates.k8s.io'],
  }),
  validate: (attributes) => {
    const bundle = attributes.object as certificates.v1beta1.ClusterTrustBundle
    const { signerName = '' } = bundle.spec
    if (signerName === '') return
    const { oldObject } = attributes
    if (oldObject !== undefined && changesOnlyBookkeeping(bundle, oldObject)) return
    return orThrow(mayUseSigner(authorizer, attributes.user, 'attest', signerName), () =>
      refuse(attributes, `user not permitted to attest for signerName "${signerName}"`),
    )
  },
})
