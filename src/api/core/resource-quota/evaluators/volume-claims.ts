import { type Amount, amountOf } from '../../../../apimachinery/quantity.ts'
import type { core } from '../../../generated/types/index.ts'
import { storageClassOf } from '../../persistent-volume/storage-class.ts'
import { attributeClassesOf } from '../../persistent-volume-claim/attribute-classes.ts'
import { countOf, type QuotaAmounts } from '../quota-amounts.ts'
import { countName, meets, type QuotaEvaluator } from './evaluator.ts'

type Claim = core.v1.PersistentVolumeClaim

const objectName = countName('', 'persistentvolumeclaims')
const claims = 'persistentvolumeclaims'
const storage = 'requests.storage'
/** `gold.storageclass.storage.k8s.io/requests.storage`: what only claims of one class use. */
const classSuffix = '.storageclass.storage.k8s.io/'

const unit = 1_000_000_000n

function wholeBytes(text: string | undefined): Amount | undefined {
  const amount = text === undefined ? undefined : amountOf(text)
  if (amount === undefined) return undefined
  const rest = amount.nano % unit
  return rest === 0n ? amount : { ...amount, nano: amount.nano - rest + unit }
}

/** What the claim asks for, or what an expansion has got it already. */
function requested({ spec, status }: Claim): Amount | undefined {
  const wanted = wholeBytes(spec?.resources?.requests?.['storage'])
  const allocated = wholeBytes(status?.allocatedResources?.['storage'])
  if (wanted === undefined || allocated === undefined) return wanted
  return allocated.nano > wanted.nano ? allocated : wanted
}

function usage(claim: Claim): QuotaAmounts {
  const amounts = new Map([
    [objectName, countOf(1)],
    [claims, countOf(1)],
  ])
  const className = storageClassOf(claim)
  const size = requested(claim)
  if (className !== '') amounts.set(className + classSuffix + claims, countOf(1))
  if (size !== undefined) amounts.set(storage, size)
  if (size !== undefined && className !== '') amounts.set(className + classSuffix + storage, size)
  return amounts
}

export const volumeClaimEvaluator: QuotaEvaluator<Claim> = {
  counts: (name) =>
    name === objectName ||
    name === claims ||
    name === storage ||
    name.endsWith(classSuffix + claims) ||
    name.endsWith(classSuffix + storage),
  mayHandle: (operation, subresource) =>
    subresource === '' ? operation !== 'DELETE' : subresource === 'status' && operation === 'UPDATE',
  handles: ({ subresource, object, old }) => subresource === '' || (old !== undefined && frees(object, old)),
  usage,
  matchesScope: (requirement, claim) => {
    if (requirement.scopeName !== 'VolumeAttributesClass') return false
    const names = attributeClassesOf(claim)
    return names.length === 0 ? meets(requirement, undefined) : names.some((name) => meets(requirement, name))
  },
  frees: (claim, old) => frees(claim, old),
}

function frees(claim: Claim, old: Claim): boolean {
  return (
    requested(claim)?.nano !== requested(old)?.nano ||
    attributeClassesOf(claim).join() !== attributeClassesOf(old).join()
  )
}
