import type { core } from '../../api/generated/types/index.ts'
import { aggregateFields } from '../../apimachinery/aggregate.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { notSupported, required } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest, conflict, notFound, statusError } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { ServerRequest } from '../request.ts'
import { readObject } from './body.ts'
import { ensureNamespace, withMetadata } from './object-meta.ts'
import { type Outcome, objectOutcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import type { RestContext } from './rest-context.ts'
import { rewriteObject } from './rewrite.ts'
import { optionsAs, writeOptions } from './write-options.ts'

type Pod = core.v1.Pod
type Binding = core.v1.Binding

const bindingKind = { group: '', version: 'v1', kind: 'Binding' }
const bindingSchema = 'io.k8s.api.core.v1.Binding'

function validate(binding: Binding): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('target')
  const { kind = '', name = '' } = binding.target ?? {}
  if (kind !== '' && kind !== 'Node') errors.push(notSupported(path.child('kind'), kind, ['Node', '<empty>']))
  if (name === '') errors.push(required(path.child('name')))
  return errors
}

/**
 * POST of `/binding`: the scheduler's decision. The pod's uid and version, if given, must still be its own. The old way,
 * a POST of `bindings`, has the pod's name in the body alone.
 */
export async function createBinding(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { context } = resource
  const { namespace } = request.info
  const options = writeOptions(request, 'CreateOptions')
  const schema = context.schemas.get(bindingSchema)
  const sent = await readObject(context, request, bindingKind, schema, options.fieldValidation)
  const object = ensureNamespace(sent, namespace)
  const name = request.info.name === '' ? (object.metadata?.name ?? '') : request.info.name
  const input = {
    operation: 'CREATE',
    declaration: resource.kind,
    kind: bindingKind,
    subresource: 'binding',
    namespace,
    name,
    oldObject: undefined,
    dryRun: options.dryRun,
    options: optionsAs(options, 'CreateOptions'),
    request,
  } as const
  const admitted = await context.admission.mutate({ ...input, object }, object)
  const binding = admitted as Binding
  if ((binding.metadata?.name ?? '') !== name)
    throw badRequest('name in URL does not match name in Binding object')
  const errors = validate(binding)
  if (errors.length > 0) throw statusError('', aggregateFields(errors))
  await context.admission.validate({ ...input, object: admitted })
  await rewriteObject(resource, namespace, name, options.dryRun, (pod) => bind(pod, binding, context))
  return objectOutcome({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201)
}

function bind(
  live: KubernetesObject | undefined,
  binding: Binding,
  { host, features }: RestContext,
): KubernetesObject {
  const name = binding.metadata?.name ?? ''
  const pod: Pod | undefined = live as Pod | undefined
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding', name }, why)
  const { uid = '', resourceVersion = '' } = binding.metadata ?? {}
  if (uid !== '' && uid !== pod.metadata?.uid) throw refuse(precondition('UID', uid, pod.metadata?.uid))
  if (resourceVersion !== '' && resourceVersion !== pod.metadata?.resourceVersion)
    throw refuse(precondition('ResourceVersion', resourceVersion, pod.metadata?.resourceVersion))
  if (pod.metadata?.deletionTimestamp !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  const node = pod.spec?.nodeName ?? ''
  if (node !== '') throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(node)}`)
  if ((pod.spec?.schedulingGates ?? []).length > 0)
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  return assigned(pod, binding, host.now(), features.enabled('ClearingNominatedNodeNameAfterBinding'))
}

const precondition = (what: string, wanted: string, own: string | undefined): string =>
  `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${own ?? ''}`

function assigned(
  pod: Pod,
  { metadata = {}, target }: Binding,
  nowMs: number,
  clearsNomination: boolean,
): KubernetesObject {
  const { nominatedNodeName, ...status } = pod.status ?? {}
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: formatTime(nowMs),
  }
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled')
  const { annotations, labels } = metadata
  const marked = withMetadata(pod, {
    annotations:
      annotations === undefined
        ? pod.metadata?.annotations
        : { ...pod.metadata?.annotations, ...annotations },
    labels: labels === undefined ? pod.metadata?.labels : { ...pod.metadata?.labels, ...labels },
  })
  const kept = clearsNomination || nominatedNodeName === undefined ? {} : { nominatedNodeName }
  const spec = { ...pod.spec, nodeName: target?.name ?? '' }
  const changed = { ...marked, spec, status: { ...status, ...kept, conditions: [...others, scheduled] } }
  return changed
}
