import { offByDefault } from '../../controllers/controllers.ts'
import type { AnyController } from '../../reconcile/controller.ts'
import { FlagError } from './flags/parse-flags.ts'

/** The names that upstream had before v1.27, and still takes. */
const aliases: Readonly<Record<string, string>> = {
  bootstrapsigner: 'bootstrap-signer',
  csrapproving: 'certificatesigningrequest-approving',
  csrcleaner: 'certificatesigningrequest-cleaner',
  csrsigning: 'certificatesigningrequest-signing',
  'endpointslice-mirroring': 'endpointslicemirroring',
  garbagecollector: 'garbage-collector',
  podgc: 'pod-garbage-collector',
  'legacy-service-account-token-cleaner': 'legacy-serviceaccount-token-cleaner',
  nodeipam: 'node-ipam',
  nodelifecycle: 'node-lifecycle',
  'pv-protection': 'persistentvolume-protection',
  'pvc-protection': 'persistentvolumeclaim-protection',
  'resource-claim-controller': 'resourceclaim',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher',
  tokencleaner: 'token-cleaner',
}

function canonical(all: readonly AnyController[], text: string): string {
  const plain = text.replace(/-controller$/, '')
  const name = aliases[text] ?? aliases[plain] ?? plain
  if (all.some((controller) => controller.name === name)) return name
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
    names.filter((text) => text.startsWith('-')).map((text) => canonical(all, text.slice(1))),
  )
  const on = new Set(names.filter((text) => !text.startsWith('-')).map((text) => canonical(all, text)))
  const star = names.length < texts.length
  return all.filter(({ name }) => !off.has(name) && (on.has(name) || (star && !offByDefault.has(name))))
}
