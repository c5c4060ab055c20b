import { FlowSchema } from '../../api/flowcontrol/flow-schema/kind.ts'
import { PriorityLevelConfiguration } from '../../api/flowcontrol/priority-level-configuration/kind.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { autoUpdateAnnotation, mandatory, suggested } from '../flow-control/bootstrap-objects.ts'
import { type BootstrapContext, collectionPath } from './ensure.ts'

const query = { fieldManager: 'api-priority-and-fairness-config-producer-v1' }

type Configured = KubernetesObject & { readonly spec?: unknown }

/** Go's ParseBool; undefined for anything else. */
function parseBoolean(text: string | undefined): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text ?? '')) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text ?? '')) return false
  return undefined
}

const annotated = ({ metadata }: Configured): string | undefined =>
  metadata?.annotations?.[autoUpdateAnnotation]

/** What to write over an object of the server; undefined: nothing. Who has changed one that is not mandatory keeps it. */
export function reviseFlowObject<T extends Configured>(
  expected: T,
  present: T,
  isMandatory: boolean,
): T | undefined {
  const says = parseBoolean(annotated(present))
  const updates = isMandatory || (says ?? present.metadata?.generation === 1)
  const respecified = updates && !semanticallyEqual(expected.spec, present.spec)
  if (!respecified && says === updates) return undefined
  const annotations = { ...present.metadata?.annotations, [autoUpdateAnnotation]: String(updates) }
  return {
    ...present,
    metadata: { ...present.metadata, annotations },
    ...(respecified ? { spec: expected.spec } : {}),
  }
}

async function ensureOne(
  { transport, reader }: BootstrapContext,
  kind: KindDeclaration,
  expected: Configured,
  isMandatory: boolean,
): Promise<void> {
  const path = collectionPath(kind, '')
  const name = expected.metadata?.name ?? ''
  const present = reader.get(kind, '', name)
  const revised = present === undefined ? undefined : reviseFlowObject(expected, present, isMandatory)
  if (present !== undefined && revised === undefined) return
  try {
    if (revised === undefined) await transport.request({ method: 'POST', path, query, body: expected })
    else await transport.request({ method: 'PUT', path: `${path}/${name}`, query, body: revised })
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists', 'Conflict')) throw error
  }
}

/** What an earlier release brought along and this one does not. */
async function removeUnwanted(
  { transport, reader }: BootstrapContext,
  kind: KindDeclaration,
  wanted: ReadonlySet<string>,
): Promise<void> {
  for (const object of reader.list(kind)) {
    const name = object.metadata?.name ?? ''
    if (wanted.has(name) || parseBoolean(annotated(object)) !== true) continue
    try {
      await transport.request({ method: 'DELETE', path: `${collectionPath(kind, '')}/${name}` })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
}

const namesOf = (objects: readonly Configured[]): ReadonlySet<string> =>
  new Set(objects.map(({ metadata }) => metadata?.name ?? ''))

const levels = [...suggested.levels, ...mandatory.levels]
const schemas = [...suggested.schemas, ...mandatory.schemas]

/** The flow schemas and priority levels of every server: missing ones are made, those that are to be as they were are. */
export async function ensureFlowObjects(context: BootstrapContext): Promise<void> {
  const ensureAll = (kind: KindDeclaration, objects: readonly Configured[], fixed: readonly Configured[]) =>
    Promise.all(objects.map((object) => ensureOne(context, kind, object, fixed.includes(object))))
  // Levels first, so that no schema has to say that its level is missing.
  await ensureAll(PriorityLevelConfiguration, levels, mandatory.levels)
  await ensureAll(FlowSchema, schemas, mandatory.schemas)
  await removeUnwanted(context, FlowSchema, namesOf(schemas))
  await removeUnwanted(context, PriorityLevelConfiguration, namesOf(levels))
}
