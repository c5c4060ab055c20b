import type { Structure } from '../../apimachinery/codec/decode-object.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import type { MaybePromise } from '../authenticator.ts'

/** In which forms custom resources come; everything is about what is served now, undefined for what is not. */
export interface CustomForms {
  /** All served versions of a resource. */
  versionsOf(declaration: KindDeclaration): readonly KindDeclaration[] | undefined
  /** An object of any version as one of that version. */
  convert(object: KubernetesObject, to: KindDeclaration): MaybePromise<KubernetesObject> | undefined
  structureOf(declaration: KindDeclaration): Structure | undefined
  mergeSchemaOf(declaration: KindDeclaration): Schema | undefined
}
