import type { apps, core } from '../api/generated/types/index.ts'
import type { JsonObject } from '../apimachinery/meta.ts'

interface RevisionData {
  readonly spec?: { readonly template?: core.v1.PodTemplateSpec & { readonly $patch?: string } }
}

/** Keys in their order, as Go writes maps. */
const inOrder = (_key: string, value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))

/**
 * What a revision holds: a strategic merge patch that brings the template back, as `kubectl rollout undo` applies it.
 * Clients make the same patch themselves and compare its bytes.
 */
export function templateRevisionData(template: core.v1.PodTemplateSpec | undefined): JsonObject {
  const data: RevisionData = { spec: { template: { ...template, $patch: 'replace' } } }
  return JSON.parse(JSON.stringify(data, inOrder))
}

/** The template that a revision brings back. */
export function revisionTemplate(revision: apps.v1.ControllerRevision): core.v1.PodTemplateSpec {
  const data: RevisionData = revision.data ?? {}
  const { $patch: _, ...template } = data.spec?.template ?? {}
  return template
}
