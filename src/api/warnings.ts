import { goList } from '../apimachinery/go-text.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { isDns1123Label } from '../apimachinery/names.ts'
import { podSpecWarnings } from './core/pod/warnings/pod-spec-warnings.ts'
import type { core } from './generated/types/index.ts'

/** Names of workloads end up in names of pods, and those in host names. */
export function podNameWarnings(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): readonly string[] {
  const complaints = old === undefined ? isDns1123Label(object.metadata?.name ?? '') : []
  if (complaints.length === 0) return []
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: ${goList(complaints)}`,
  ]
}

/** Of a template, as long as the object is new or has changed. */
export function templateWarnings<T extends KubernetesObject>(
  object: T,
  old: T | undefined,
  template: (object: T) => core.v1.PodTemplateSpec | undefined,
  path: string,
): readonly string[] {
  const { spec, metadata } = template(object) ?? {}
  const same = old !== undefined && object.metadata?.generation === old.metadata?.generation
  return same || spec === undefined ? [] : podSpecWarnings(spec, metadata, `${path}.`)
}

/** Of a workload whose pods are named after it. */
export const workloadWarnings = <
  T extends KubernetesObject & { readonly spec?: { readonly template?: core.v1.PodTemplateSpec } },
>(
  object: T,
  old: T | undefined,
): readonly string[] => [
  ...podNameWarnings(object, old),
  ...templateWarnings(object, old, ({ spec }) => spec?.template, 'spec.template'),
]
