import { fill, mapSame, set } from '../../../defaulting.ts'
import type { core } from '../../../generated/types/index.ts'
import { defaultPullPolicy } from './image-pull-policy.ts'
import { roundedResources } from './resource-defaults.ts'
import { withFieldVersion } from './volume-defaults.ts'

/** What ordinary, init and ephemeral containers share. */
type AnyContainer = core.v1.Container & { readonly targetContainerName?: string }

function defaultPort(port: core.v1.ContainerPort): core.v1.ContainerPort {
  return fill(port, { protocol: 'TCP' })
}

function defaultVariable(variable: core.v1.EnvVar): core.v1.EnvVar {
  const from = variable.valueFrom
  if (from === undefined) return variable
  let next = from
  if (from.fieldRef !== undefined) next = set(next, 'fieldRef', withFieldVersion(from.fieldRef))
  if (from.fileKeyRef !== undefined)
    next = set(next, 'fileKeyRef', fill(from.fileKeyRef, { optional: false }))
  return next === from ? variable : { ...variable, valueFrom: next }
}

const defaultGet = (action: core.v1.HTTPGetAction): core.v1.HTTPGetAction =>
  fill(action, { path: '/', scheme: 'HTTP' })

const positive = (value: number | undefined, otherwise: number): number =>
  value === undefined || value === 0 ? otherwise : value

function defaultProbe(probe: core.v1.Probe): core.v1.Probe {
  let next = set(probe, 'timeoutSeconds', positive(probe.timeoutSeconds, 1))
  next = set(next, 'periodSeconds', positive(probe.periodSeconds, 10))
  next = set(next, 'successThreshold', positive(probe.successThreshold, 1))
  next = set(next, 'failureThreshold', positive(probe.failureThreshold, 3))
  if (probe.httpGet !== undefined) next = set(next, 'httpGet', defaultGet(probe.httpGet))
  if (probe.grpc !== undefined && probe.grpc.service === undefined)
    next = set(next, 'grpc', { ...probe.grpc, service: '' })
  return next
}

function defaultHandler(handler: core.v1.LifecycleHandler): core.v1.LifecycleHandler {
  return handler.httpGet === undefined ? handler : set(handler, 'httpGet', defaultGet(handler.httpGet))
}

function defaultLifecycle(lifecycle: core.v1.Lifecycle): core.v1.Lifecycle {
  let next = lifecycle
  if (lifecycle.postStart !== undefined) next = set(next, 'postStart', defaultHandler(lifecycle.postStart))
  if (lifecycle.preStop !== undefined) next = set(next, 'preStop', defaultHandler(lifecycle.preStop))
  return next
}

/** Upstream's defaults of a container, in a pod as in a template. */
export function defaultContainer<C extends AnyContainer>(container: C): C {
  let next: AnyContainer = container
  if (container.ports !== undefined) next = set(next, 'ports', mapSame(container.ports, defaultPort))
  if (container.env !== undefined) next = set(next, 'env', mapSame(container.env, defaultVariable))
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name]
    if (probe !== undefined) next = set(next, name, defaultProbe(probe))
  }
  if (container.lifecycle !== undefined) next = set(next, 'lifecycle', defaultLifecycle(container.lifecycle))
  if (container.resources !== undefined) next = set(next, 'resources', roundedResources(container.resources))
  const missingPolicy = (container.imagePullPolicy ?? '') === ''
  if (missingPolicy) next = { ...next, imagePullPolicy: defaultPullPolicy(container.image) }
  const filled = fill(next, {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  })
  return filled === container ? container : { ...container, ...filled }
}
