import { carryOver, defineKind, type WriteContext } from '../../../apimachinery/define-kind.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { cidrWarnings } from '../../../apimachinery/ip-warnings.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { validateNode } from './validate.ts'

type Node = core.v1.Node

/** `podCIDR` is the first of `podCIDRs`, whichever was sent; what is allocatable is the whole capacity unless said. */
function defaultNode(node: Node): Node {
  let next = node
  const { podCIDR = '', podCIDRs = [] } = node.spec ?? {}
  const first = podCIDRs[0] ?? ''
  if (node.spec !== undefined && podCIDR !== first) {
    const spec = podCIDR === '' ? { ...node.spec, podCIDR: first } : { ...node.spec, podCIDRs: [podCIDR] }
    next = { ...next, spec }
  }
  const { status } = node
  if (status?.capacity !== undefined && status.allocatable === undefined)
    next = set(next, 'status', { ...status, allocatable: status.capacity })
  return next
}

/** Kubelets' configuration from objects is gone; only nodes that have it keep it. */
function withoutConfigSource(node: Node): Node {
  if (node.spec?.configSource === undefined && node.status?.config === undefined) return node
  const { configSource: _source, ...spec } = node.spec ?? {}
  const { config: _config, ...status } = node.status ?? {}
  return { ...node, spec, status }
}

function prepareForUpdate(node: Node, old: Node, context: WriteContext): Node {
  const next = carryOver(node, old, context)
  if (next.spec?.configSource === undefined || old.spec?.configSource !== undefined) return next
  const { configSource: _dropped, ...spec } = next.spec
  return { ...next, spec }
}

function warnings({ spec }: Node): readonly string[] {
  const found: string[] = []
  if (spec?.configSource !== undefined) found.push('spec.configSource: the feature is removed')
  if ((spec?.externalID ?? '') !== '')
    found.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  spec?.podCIDRs?.forEach((range, index) => {
    found.push(...cidrWarnings(fieldPath('spec').child('podCIDRs').index(index), range))
  })
  return found
}

function statusOf(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (node.spec?.unschedulable === true) words.push('SchedulingDisabled')
  return words.join(',')
}

const rolePrefix = 'node-role.kubernetes.io/'

function rolesOf(node: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

const addressOf = (node: Node, type: string): string =>
  node.status?.addresses?.find((address) => address.type === type)?.address ?? '<none>'

function kernelOf(node: Node): string {
  const { kernelVersion, architecture } = node.status?.nodeInfo ?? {}
  const version = kernelVersion || '<unknown>'
  return architecture ? `${version} (${architecture})` : version
}

export const Node = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Node',
  changedMetadata: ['whole', 'change'],
  shortNames: ['no'],
  subresources: { status: {} },
  storagePrefix: 'minions',
  gatedFields: [{ gate: 'NodeDeclaredFeatures', paths: ['status.declaredFeatures'] }],
  defaults: defaultNode,
  prepareForCreate: withoutConfigSource,
  prepareForUpdate,
  validate: validateNode,
  warnings,
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', value: statusOf },
    { name: 'Roles', type: 'string', value: rolesOf },
    ageColumn,
    {
      name: 'Version',
      type: 'string',
      value: (node) => node.status?.nodeInfo?.kubeletVersion ?? '',
    },
    { name: 'Internal-IP', type: 'string', priority: 1, value: (node) => addressOf(node, 'InternalIP') },
    { name: 'External-IP', type: 'string', priority: 1, value: (node) => addressOf(node, 'ExternalIP') },
    {
      name: 'OS-Image',
      type: 'string',
      priority: 1,
      value: (node) => node.status?.nodeInfo?.osImage || '<unknown>',
    },
    { name: 'Kernel-Version', type: 'string', priority: 1, value: kernelOf },
    {
      name: 'Container-Runtime',
      type: 'string',
      priority: 1,
      value: (node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    },
  ],
})
