import type { AdmissionPlugin } from '../admission.ts'
import { pluginProblem } from './plugin-problem.ts'

/** What `--enable-admission-plugins` and `--disable-admission-plugins` name. */
export interface PluginChoice {
  readonly enable: readonly string[]
  readonly disable: readonly string[]
}

const imagePolicy = 'ImagePolicyWebhook'

/** Upstream's plugins that nobody gets who does not ask (`DefaultOffAdmissionPlugins`). */
const offByDefault = [
  'AlwaysAdmit',
  'AlwaysDeny',
  'AlwaysPullImages',
  'DenyServiceExternalIPs',
  'EventRateLimit',
  'ExtendedResourceToleration',
  imagePolicy,
  'LimitPodHardAntiAffinityTopology',
  'NamespaceAutoProvision',
  'NamespaceExists',
  'NodeRestriction',
  'OwnerReferencesPermissionEnforcement',
  'PodNodeSelector',
  'PodTolerationRestriction',
]

const onByDefault = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'TaintNodesByCondition',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PodGroupProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'PodTopologyLabels',
  'PodGroupWorkloadExists',
  'NodeDeclaredFeatureValidator',
  'JobValidation',
  'PodResizeValidator',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
]

/** Parts of ours that upstream has outside of its plugins: nobody turns them off. */
const isUpstreams = (name: string): boolean => onByDefault.includes(name) || offByDefault.includes(name)

/** The plugins that run. Throws an Error that names the flag for a plugin that is unknown, or one that lacks its configuration. */
export function choosePlugins(
  all: readonly AdmissionPlugin[],
  { enable, disable }: PluginChoice,
): readonly AdmissionPlugin[] {
  for (const [flag, names] of Object.entries({ enable, disable })) {
    const unknown = names.find((name) => !isUpstreams(name))
    if (unknown !== undefined) throw new Error(`${flag}-admission-plugins plugin "${unknown}" is unknown`)
  }
  const both = enable.find((name) => disable.includes(name))
  if (both !== undefined)
    throw new Error(`[${both}] in enable-admission-plugins and disable-admission-plugins overlapped`)
  const isWithoutConfiguration = !all.some(({ name }) => name === imagePolicy)
  if (enable.includes(imagePolicy) && isWithoutConfiguration)
    throw new Error(pluginProblem(imagePolicy, 'no config specified'))
  return all.filter(
    ({ name }) => !disable.includes(name) && (!offByDefault.includes(name) || enable.includes(name)),
  )
}
