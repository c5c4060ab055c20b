import { evaluatorOf, specialEvaluators } from '../../../api/core/resource-quota/evaluators/evaluator-of.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import type { Host } from '../../../base/host.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import type { ObjectWriter } from '../../object-writer.ts'
import { typedReader } from '../../typed-reader.ts'
import type { LimitedResource } from './charge.ts'
import { QuotaCharges } from './quota-charges.ts'

export interface ResourceQuotaOptions {
  readonly host: Host
  readonly reader: ObjectReader
  readonly writer: ObjectWriter
  /** Nothing where absent. */
  readonly limited?: readonly LimitedResource[]
}

/** Holds what is created in a namespace to its quotas (https://kubernetes.io/docs/concepts/policy/resource-quotas/). */
export function resourceQuota(options: ResourceQuotaOptions): AdmissionPlugin {
  const { host, reader, writer, limited = [] } = options
  const classes = typedReader<resource.v1.DeviceClass>(reader, {
    group: 'resource.k8s.io',
    resource: 'deviceclasses',
  })
  const claims = typedReader<resource.v1.ResourceClaim>(reader, {
    group: 'resource.k8s.io',
    resource: 'resourceclaims',
  })
  const pods = typedReader<core.v1.Pod>(reader, { group: '', resource: 'pods' })
  const special = specialEvaluators({
    classes: () => classes.list(),
    pod: (namespace, name) => pods.get(namespace, name),
    claimsOf: (namespace, podUid) =>
      claims
        .list(namespace)
        .filter(({ metadata }) =>
          metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.uid === podUid),
        ),
  })
  const charges = new QuotaCharges({ host, reader, writer, limited })

  function validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { namespace, operation, subresource, object, oldObject } = attributes
    if (namespace === '' || (limited.length === 0 && !charges.isLimited(namespace))) return undefined
    const evaluator = evaluatorOf(special, attributes.resource.group, attributes.resource.resource)
    if (evaluator === undefined) return undefined
    const handles = evaluator.handles?.({ operation, subresource, object, old: oldObject }) ?? true
    return handles ? charges.charge(attributes, evaluator) : undefined
  }

  return {
    name: 'ResourceQuota',
    handles: (operation, { group, resource: name, namespaced }, subresource) =>
      namespaced &&
      (operation === 'CREATE' || operation === 'UPDATE') &&
      (evaluatorOf(special, group, name)?.mayHandle(operation, subresource) ?? false),
    validate,
  }
}
