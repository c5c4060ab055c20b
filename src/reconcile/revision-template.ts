import type { apps, core } from '../api/generated/types/index.ts'
import type { JsonObject } from '../apimachinery/meta.ts'

interface RevisionData {
  readonly spec?: { readonly template?: core.v1.PodTemplateSpec & { readonly $patch?: string } }
}

/** What a revision holds: a strategic merge patch that brings the template back, as `kubectl rollout undo` applies it. */
export function templateRevisionData(template: core.v1.PodTemplateSpec | undefined): JsonObject {
  const data: RevisionData = { spec: { template: { ...template, $patch: 'replace' } } }
  return JSON.parse(JSON.stringify(data))
}

/** The template that a revision brings back. */
export function revisionTemplate(revision: apps.v1.ControllerRevision): core.v1.PodTemplateSpec {
  const data: RevisionData = revision.data ?? {}
  const { $patch: _, ...template } = data.spec?.template ?? {}
  return template
}
