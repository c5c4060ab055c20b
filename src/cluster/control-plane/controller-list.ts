import { kinds } from '../../api/kinds.ts'
import { deploymentController } from '../../controllers/deployment/deployment-controller.ts'
import { endpointsController } from '../../controllers/endpoints/endpoints-controller.ts'
import { endpointSliceController } from '../../controllers/endpointslice/endpoint-slice-controller.ts'
import { namespaceController } from '../../controllers/namespace/namespace-controller.ts'
import { replicaSetController } from '../../controllers/replicaset/replica-set-controller.ts'
import { rootCaController } from '../../controllers/rootca/root-ca-controller.ts'
import { serviceAccountController } from '../../controllers/serviceaccount/service-account-controller.ts'
import type { AnyController } from '../../reconcile/controller.ts'
import type { NetworkOptions } from '../options.ts'

export function controllerList(_network: NetworkOptions, rootCertificate: string): readonly AnyController[] {
  return [
    deploymentController,
    replicaSetController,
    endpointsController,
    endpointSliceController,
    namespaceController({ kinds: () => kinds, settleMs: 0 }),
    serviceAccountController,
    rootCaController(rootCertificate),
  ]
}
