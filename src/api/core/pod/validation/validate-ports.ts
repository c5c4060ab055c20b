import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, required, type Where } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isPortName, isPortNumber } from '../../../../apimachinery/label-syntax.ts'
import type { IntOrString } from '../../../../apimachinery/meta.ts'
import { checkRequiredChoice } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'

export const protocols: readonly string[] = ['SCTP', 'TCP', 'UDP']

export function validatePortNumber(port: number, where: Where, errors: FieldError[]): void {
  for (const complaint of isPortNumber(port)) errors.push(invalidValue(where, port, complaint))
}

export function validatePortNumberOrName(
  port: IntOrString | undefined,
  where: Where,
  errors: FieldError[],
): void {
  if (typeof port === 'string')
    for (const complaint of isPortName(port)) errors.push(invalidValue(where, port, complaint))
  else validatePortNumber(port ?? 0, where, errors)
}

export function validateContainerPorts(
  ports: readonly core.v1.ContainerPort[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const names = new Set<string>()
  ports.forEach((port, index) => {
    const where = path.index(index)
    const name = port.name ?? ''
    if (name !== '') {
      const complaints = isPortName(name)
      for (const complaint of complaints) errors.push(invalidValue(where.child('name'), name, complaint))
      if (complaints.length === 0 && names.has(name)) errors.push(duplicate(where.child('name'), name))
      else if (complaints.length === 0) names.add(name)
    }
    if ((port.containerPort ?? 0) === 0) errors.push(required(where.child('containerPort')))
    else validatePortNumber(port.containerPort, where.child('containerPort'), errors)
    if (port.hostPort !== undefined && port.hostPort !== 0)
      validatePortNumber(port.hostPort, where.child('hostPort'), errors)
    checkRequiredChoice(port.protocol, protocols, where.child('protocol'), errors)
  })
}

/** The same port of the host twice. */
export function validateHostPortConflicts(
  containers: readonly core.v1.Container[],
  path: FieldPath,
  errors: FieldError[],
): void {
  let taken: Set<string> | undefined
  containers.forEach((container, at) => {
    container.ports?.forEach((port, index) => {
      if (port.hostPort === undefined || port.hostPort === 0) return
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`
      taken ??= new Set()
      if (taken.has(key))
        errors.push(duplicate(path.index(at).child('ports').index(index).child('hostPort'), key))
      else taken.add(key)
    })
  })
}
