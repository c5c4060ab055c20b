import type { core } from '../../../api/generated/types/index.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

/** Services keep the external addresses that they have, and get no new ones. */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  handles: matches({ operations: ['CREATE', 'UPDATE'], resources: ['services'] }),
  validate: (attributes) => {
    const addresses = (attributes.object as core.v1.Service).spec?.externalIPs ?? []
    const known = (attributes.oldObject as core.v1.Service | undefined)?.spec?.externalIPs ?? []
    if (addresses.some((address) => !known.includes(address)))
      throw refuse(attributes, 'Use of external IPs is denied by admission control')
  },
}
