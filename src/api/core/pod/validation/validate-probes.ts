import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isHttpHeaderName } from '../../../../apimachinery/label-syntax.ts'
import { checkNonNegative } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { validatePortNumberOrName } from './validate-ports.ts'

interface Handler {
  readonly exec?: core.v1.ExecAction
  readonly httpGet?: core.v1.HTTPGetAction
  readonly tcpSocket?: core.v1.TCPSocketAction
  readonly grpc?: core.v1.GRPCAction
  readonly sleep?: core.v1.SleepAction
}

function validateGet(action: core.v1.HTTPGetAction, path: FieldPath, errors: FieldError[]): void {
  if ((action.path ?? '') === '') errors.push(required(path.child('path')))
  validatePortNumberOrName(action.port, path.child('port'), errors)
  const scheme = action.scheme ?? ''
  if (scheme !== 'HTTP' && scheme !== 'HTTPS')
    errors.push(notSupported(path.child('scheme'), scheme, ['HTTP', 'HTTPS']))
  for (const header of action.httpHeaders ?? [])
    for (const complaint of isHttpHeaderName(header.name))
      errors.push(invalidValue(path.child('httpHeaders'), header.name, complaint))
}

function validateSleep(
  action: core.v1.SleepAction,
  graceSeconds: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const seconds = action.seconds ?? 0
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`
  errors.push(invalidValue(path, seconds, detail))
}

const handlerTypes = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

function validateHandlerType(
  type: (typeof handlerTypes)[number],
  handler: Handler,
  graceSeconds: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  if (type === 'exec' && exec !== undefined) {
    if ((exec.command ?? []).length === 0) errors.push(required(path.child('command')))
  } else if (type === 'httpGet' && httpGet !== undefined) validateGet(httpGet, path, errors)
  else if (type === 'tcpSocket' && tcpSocket !== undefined)
    validatePortNumberOrName(tcpSocket.port, path.child('port'), errors)
  else if (type === 'grpc' && grpc !== undefined)
    validatePortNumberOrName(grpc.port, path.child('port'), errors)
  else if (type === 'sleep' && sleep !== undefined) validateSleep(sleep, graceSeconds, path, errors)
}

/** Exactly one way to act. */
function validateHandler(
  handler: Handler,
  graceSeconds: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  let handlers = 0
  for (const type of handlerTypes) {
    if (handler[type] === undefined) continue
    if (handlers++ > 0)
      errors.push(fieldForbidden(path.child(type), 'may not specify more than 1 handler type'))
    else validateHandlerType(type, handler, graceSeconds, path.child(type), errors)
  }
  if (handlers === 0) errors.push(required(path, 'must specify a handler type'))
}

const probeNumbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

export type ProbeKind = 'livenessProbe' | 'readinessProbe' | 'startupProbe'

export function validateProbe(
  kind: ProbeKind,
  probe: core.v1.Probe,
  graceSeconds: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { exec, httpGet, tcpSocket, grpc } = probe
  const handler: Handler = {
    ...(exec === undefined ? {} : { exec }),
    ...(httpGet === undefined ? {} : { httpGet }),
    ...(tcpSocket === undefined ? {} : { tcpSocket }),
    ...(grpc === undefined ? {} : { grpc }),
  }
  validateHandler(handler, graceSeconds, path, errors)
  for (const field of probeNumbers) checkNonNegative(probe[field], path.child(field), errors)
  const grace = probe.terminationGracePeriodSeconds
  const where = path.child('terminationGracePeriodSeconds')
  if (grace !== undefined && grace <= 0) errors.push(invalidValue(where, grace, 'must be greater than 0'))
  if (kind === 'readinessProbe') {
    if (grace !== undefined) errors.push(invalidValue(where, grace, 'must not be set for readinessProbes'))
  } else if (probe.successThreshold !== 1)
    errors.push(invalidValue(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'))
}

export function validateLifecycle(
  lifecycle: core.v1.Lifecycle,
  graceSeconds: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { postStart, preStop } = lifecycle
  if (postStart !== undefined) validateHandler(postStart, graceSeconds, path.child('postStart'), errors)
  if (preStop !== undefined) validateHandler(preStop, graceSeconds, path.child('preStop'), errors)
}
