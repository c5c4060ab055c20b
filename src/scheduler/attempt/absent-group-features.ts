import type { scheduling } from '../../api/generated/types/index.ts'

/** What a group asks for that its gate lets into the API and that this scheduler has not, by the gate's name; undefined: nothing. */
export function absentFeature({ spec }: scheduling.v1alpha2.PodGroup): string | undefined {
  if ((spec.resourceClaims ?? []).length > 0)
    return 'resource claims of pod groups (DRAWorkloadResourceClaims) are not there in this scheduler'
  return undefined
}
