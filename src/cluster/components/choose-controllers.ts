import { offByDefault } from '../../controllers/controllers.ts'
import type { AnyController } from '../../reconcile/controller.ts'
import { FlagError } from './flags/parse-flags.ts'

/** Upstream's other names for those that are here, without `-controller`: today's, and those from before v1.27. */
const aliases: Readonly<Record<string, string>> = {
  bootstrapsigner: 'bootstrap-signer',
  csrapproving: 'certificatesigningrequest-approving',
  csrcleaner: 'certificatesigningrequest-cleaner',
  csrsigning: 'certificatesigningrequest-signing',
  endpoints: 'endpoint',
  'endpointslice-mirroring': 'endpointslicemirroring',
  garbagecollector: 'garbage-collector',
  podgc: 'pod-garbage-collector',
  'legacy-service-account-token-cleaner': 'legacy-serviceaccount-token-cleaner',
  nodeipam: 'node-ipam',
  nodelifecycle: 'node-lifecycle',
  'pv-protection': 'persistentvolume-protection',
  'pvc-protection': 'persistentvolumeclaim-protection',
  'resource-claim': 'resourceclaim',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher',
  'storage-version-gc': 'storageversion-garbage-collector',
  svm: 'storage-version-migrator',
  tokencleaner: 'token-cleaner',
}

/** Those that run only with a feature or a key. */
const conditional: ReadonlySet<string> = new Set([
  ...['certificatesigningrequest-signing', 'device-taint-eviction', 'podcertificaterequest-cleaner'],
  ...['kube-apiserver-serving-clustertrustbundle-publisher', 'podgroup-protection', 'serviceaccount-token'],
  ...['resourcepoolstatusrequest', 'storage-version-migrator', 'storageversion-garbage-collector'],
])

/** Upstream's that are not here: they may be turned off. */
const absent: ReadonlySet<string> = new Set([
  ...['horizontal-pod-autoscaler', 'horizontalpodautoscaling', 'attachdetach'],
  ...['persistentvolume-attach-detach', 'persistentvolume-binder', 'persistentvolume-expander'],
  ...['service', 'service-lb', 'route', 'node-route', 'cloud-node-lifecycle'],
])

/** Undefined for one that is not here and is not to be. Throws FlagError for one that nobody knows, or that is to be. */
function canonical(all: readonly AnyController[], text: string, off: boolean): string | undefined {
  const plain = text.replace(/-controller$/, '')
  const name = aliases[plain] ?? plain
  if (conditional.has(name) || all.some((controller) => controller.name === name)) return name
  if (off && absent.has(plain)) return undefined
  const known = all.map((controller) => `${controller.name}-controller`).sort()
  throw new FlagError(`"${text}" is not in the list of known controllers: ${known.join(', ')}`)
}

/** The controllers that `--controllers` lets run, in their order: `*`, `name`, `-name`, also by upstream's former names. Throws FlagError. */
export function chooseControllers(
  all: readonly AnyController[],
  texts: readonly string[],
): readonly AnyController[] {
  const names = texts.filter((text) => text !== '*')
  const off = new Set(
    names.filter((text) => text.startsWith('-')).map((text) => canonical(all, text.slice(1), true)),
  )
  const on = new Set(names.filter((text) => !text.startsWith('-')).map((text) => canonical(all, text, false)))
  const star = names.length < texts.length
  return all.filter(({ name }) => !off.has(name) && (on.has(name) || (star && !offByDefault.has(name))))
}
