import type { core } from '../../api/generated/types/index.ts'
import { allContainersOf } from '../pod/plan/restart-policy.ts'
import type { Rejection } from './admit-pod.ts'

/** A pod that asks for a profile is refused by a node whose kernel has none. */
export function admitAppArmor(pod: core.v1.Pod, enforced: boolean): Rejection | undefined {
  if (enforced) return undefined
  const profiles = [
    pod.spec?.securityContext?.appArmorProfile,
    ...allContainersOf(pod).map((container) => container.securityContext?.appArmorProfile),
  ]
  const wants = profiles.some((profile) => profile !== undefined && profile.type !== 'Unconfined')
  if (!wants) return undefined
  const message = 'Cannot enforce AppArmor: AppArmor is not enabled on the host'
  return { reason: 'AppArmor', message }
}
