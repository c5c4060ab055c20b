import type { Column, KindDeclaration, SelectableField, WriteContext } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'

/** How another version of a kind differs from the stored one. */
export interface OtherVersion<T extends KubernetesObject, S extends KubernetesObject> {
  readonly version: string
  /** OpenAPI name of its type. */
  readonly schema: string
  /** `1.35` and `1.38`: since when it is deprecated, and from when on it is gone (upstream's API lifecycle). */
  readonly deprecated?: { readonly since: string; readonly removed: string; readonly use?: string }
  /** Both without loss, and with the right apiVersion. */
  toStored(object: T): S
  fromStored(object: S): T
  /** Where they differ from the stored version's. */
  defaults?(object: T): T
}

function converted<T extends KubernetesObject, S extends KubernetesObject>(
  { since, value, ...column }: Column<S>,
  toStored: (object: T) => S,
): Column<T> {
  return {
    ...column,
    value: (object, nowMs) => value(toStored(object), nowMs),
    ...(since === undefined ? {} : { since: (object: T) => since(toStored(object)) }),
  }
}

/**
 * A kind in a version that is not the stored one. It is what the stored kind is, and every hook goes through the
 * stored version, so that both behave alike.
 */
export function kindInVersion<T extends KubernetesObject, S extends KubernetesObject>(
  kind: KindDeclaration<S>,
  other: OtherVersion<T, S>,
): KindDeclaration<T> {
  const { toStored, fromStored, deprecated } = other
  const { gracefulDeletion: _graceful, terminating: _terminating, finalized: _finalized, ...rest } = kind
  const { warnings, nameComplaints, validateChange, contextDefaults, stored: _stored, ...plain } = rest
  const selectableFields = Object.fromEntries(
    Object.entries(kind.selectableFields).map(([name, read]): [string, SelectableField<T>] => [
      name,
      (object) => read(toStored(object)),
    ]),
  )
  const oldOf = (old: T | undefined): S | undefined => (old === undefined ? undefined : toStored(old))
  return {
    ...plain,
    version: other.version,
    schema: other.schema,
    stored: { version: kind, toStored, fromStored },
    defaults: (object) => other.defaults?.(object) ?? fromStored(kind.defaults(toStored(object))),
    ...(contextDefaults === undefined
      ? {}
      : {
          contextDefaults: (object: T, context: WriteContext) =>
            fromStored(contextDefaults(toStored(object), context)),
        }),
    prepareForCreate: (object, context) => fromStored(kind.prepareForCreate(toStored(object), context)),
    prepareForUpdate: (object, old, context) =>
      fromStored(kind.prepareForUpdate(toStored(object), toStored(old), context)),
    validate: (object, old, context) => kind.validate(toStored(object), oldOf(old), context),
    ...(validateChange === undefined
      ? {}
      : { validateChange: (object: T, old: T) => validateChange(toStored(object), toStored(old)) }),
    ...(warnings === undefined
      ? {}
      : { warnings: (object: T, old: T | undefined) => warnings(toStored(object), oldOf(old)) }),
    ...(nameComplaints === undefined
      ? {}
      : { nameComplaints: (name: string, object: T) => nameComplaints(name, toStored(object)) }),
    ...(deprecated === undefined
      ? {}
      : { deprecation: deprecationOf(kind, other.version, deprecated), removedIn: deprecated.removed }),
    selectableFields,
    columns: kind.columns.map((column) => converted(column, toStored)),
  }
}

/** What every request for a deprecated version is warned of. */
function deprecationOf(
  { group, kind }: { readonly group: string; readonly kind: string },
  version: string,
  { since, removed, use }: { readonly since: string; readonly removed: string; readonly use?: string },
): string {
  const replacement = use === undefined ? '' : `; use ${use}`
  return `${group}/${version} ${kind} is deprecated in v${since}+, unavailable in v${removed}+${replacement}`
}

/** As kindInVersion, for versions that differ by their name only. */
export function kindUnderVersion<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  other: Pick<OtherVersion<T, T>, 'version' | 'schema' | 'deprecated' | 'defaults'>,
): KindDeclaration<T> {
  const named = (version: string) => {
    const apiVersion = `${kind.group}/${version}`
    return (object: T): T => (object.apiVersion === apiVersion ? object : { ...object, apiVersion })
  }
  return kindInVersion(kind, { ...other, toStored: named(kind.version), fromStored: named(other.version) })
}
