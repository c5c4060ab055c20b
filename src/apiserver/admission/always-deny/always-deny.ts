import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import { refuse } from '../refusal.ts'

function deny(attributes: AdmissionAttributes): never {
  throw refuse(attributes, 'admission control is denying all modifications')
}

/** Before anything is validated or charged. */
export const alwaysDeny: AdmissionPlugin = {
  name: 'AlwaysDeny',
  handles: () => true,
  mutate: deny,
  mutateDeletion: deny,
  validate: deny,
}
