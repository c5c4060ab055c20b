import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { ObjectMeta } from '../../apimachinery/meta.ts'

/** What names of configurations in files end with. */
export const staticSuffix = '.static.k8s.io'

const complaint = `names ending with "${staticSuffix}" are reserved for static manifest-based configurations and cannot be managed via the API`

export const hasStaticSuffix = ({ metadata }: { readonly metadata?: ObjectMeta }): boolean =>
  metadata?.name?.endsWith(staticSuffix) === true

/** Of names that upstream keeps for configurations in files. */
export const staticSuffixWarnings = (object: { readonly metadata?: ObjectMeta }): readonly string[] =>
  hasStaticSuffix(object) ? [`metadata.name: ${complaint}`] : []

/** The kinds as a server has them that takes such configurations from files: the API makes none, and warns only of those that were made before. */
export const reserveStaticNames = (kinds: readonly KindDeclaration[]): readonly KindDeclaration[] =>
  kinds.map((kind) => {
    if (kind.warnings !== staticSuffixWarnings) return kind
    return {
      ...kind,
      validate: (object, old, context) => {
        const errors = kind.validate(object, old, context)
        if (old !== undefined || !hasStaticSuffix(object)) return errors
        return [
          ...errors,
          invalidValue(fieldPath('metadata').child('name'), object.metadata?.name, complaint),
        ]
      },
      warnings: (object, old) => (old === undefined ? [] : staticSuffixWarnings(object)),
    }
  })
