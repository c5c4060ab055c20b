import type { StringMap } from '../../../apimachinery/meta.ts'

/** The annotation that named the class before the field did, which it still overrides. */
export const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** A volume's or a claim's storage class; '' for none. */
export const storageClassOf = (object: {
  readonly metadata?: { readonly annotations?: StringMap }
  readonly spec?: { readonly storageClassName?: string }
}): string => object.metadata?.annotations?.[classAnnotation] ?? object.spec?.storageClassName ?? ''

const shortModes: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

/** `RWO,ROX,RWX,RWOP`, always in this order. */
export const formatAccessModes = (modes: readonly string[] = []): string =>
  shortModes
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',')
