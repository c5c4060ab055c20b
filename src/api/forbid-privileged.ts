import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { FieldError } from '../apimachinery/field-error.ts'
import { fieldForbidden } from '../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../apimachinery/field-path.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { batch, core } from './generated/types/index.ts'

type Spec = core.v1.PodSpec | undefined

interface SpecPlace {
  readonly path: string
  read(object: KubernetesObject): Spec
}

interface Templated extends KubernetesObject {
  readonly spec?: { readonly template?: core.v1.PodTemplateSpec }
}

const template: SpecPlace = {
  path: 'spec.template.spec',
  read: (object) => (object as Templated).spec?.template?.spec,
}

/** Where kinds have pods. */
const places: ReadonlyMap<string, SpecPlace> = new Map([
  ['Pod', { path: 'spec', read: (object) => (object as core.v1.Pod).spec }],
  [
    'PodTemplate',
    { path: 'template.spec', read: (object) => (object as core.v1.PodTemplate).template?.spec },
  ],
  [
    'CronJob',
    {
      path: 'spec.jobTemplate.spec.template.spec',
      read: (object) => (object as batch.v1.CronJob).spec?.jobTemplate?.spec?.template?.spec,
    },
  ],
  ...['ReplicationController', 'ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job'].map(
    (kind) => [kind, template] as const,
  ),
])

const groups: ReadonlySet<string> = new Set(['', 'apps', 'batch'])
const writesSpec: ReadonlySet<string> = new Set(['', 'ephemeralcontainers', 'resize'])
const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const

function complaints(spec: Spec, path: FieldPath): readonly FieldError[] {
  return lists.flatMap((list) =>
    (spec?.[list] ?? []).flatMap(({ securityContext }, index) =>
      securityContext?.privileged === true
        ? [
            fieldForbidden(
              path.child(list).index(index).child('securityContext').child('privileged'),
              'disallowed by cluster policy',
            ),
          ]
        : [],
    ),
  )
}

/** The kinds as a server has them that allows no privileged containers (`--allow-privileged=false`), wherever there are containers. */
export const forbidPrivileged = (kinds: readonly KindDeclaration[]): readonly KindDeclaration[] =>
  kinds.map((kind) => {
    const place = groups.has(kind.group) ? places.get(kind.kind) : undefined
    if (place === undefined) return kind
    const path = fieldPath(place.path)
    return {
      ...kind,
      validate: (object, old, context) => {
        const errors = kind.validate(object, old, context)
        return writesSpec.has(context.subresource)
          ? [...errors, ...complaints(place.read(object), path)]
          : errors
      },
    }
  })
