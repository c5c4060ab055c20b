import type { Metrics } from '../../../base/metrics.ts'
import type { Authorizer } from '../../authorizer.ts'
import type { ObjectReader } from '../../object-reader.ts'
import type { FollowedManifests } from '../manifests/followed-manifests.ts'
import type { ObjectForms } from '../object-forms.ts'
import type { PolicyTools } from './compile-policy.ts'
import type { ParamKinds } from './params.ts'

/** What both policy plugins are made from. */
export interface PolicyPluginOptions extends PolicyTools {
  readonly reader: ObjectReader
  readonly forms: ObjectForms
  readonly authorizer: Authorizer
  readonly params: ParamKinds
  readonly registry: Metrics
  /** Absent: all policies are configured by the API. */
  readonly manifests?: FollowedManifests | undefined
}
