import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  fieldForbidden,
  fieldNotFound,
  invalidValue,
  notSupported,
  required,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import type { core } from '../../../generated/types/index.ts'
import { validateDescendingPath } from './validate-paths.ts'

type Volumes = ReadonlyMap<string, core.v1.Volume>

const propagations = ['Bidirectional', 'HostToContainer', 'None']
const readOnlyModes = ['Disabled', 'Enabled', 'IfPossible']

function validatePropagation(
  propagation: string,
  container: core.v1.Container,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!propagations.includes(propagation)) errors.push(notSupported(path, propagation, propagations))
  if (propagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers'
    errors.push(fieldForbidden(path, detail))
  }
}

function validateRecursiveReadOnly(mount: core.v1.VolumeMount, path: FieldPath, errors: FieldError[]): void {
  const mode = mount.recursiveReadOnly
  if (mode === undefined || mode === 'Disabled') return
  if (!readOnlyModes.includes(mode)) {
    errors.push(notSupported(path, mode, readOnlyModes))
    return
  }
  if (mount.readOnly !== true)
    errors.push(fieldForbidden(path, 'may only be specified when readOnly is true'))
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    const detail = 'may only be specified when mountPropagation is None or not specified'
    errors.push(fieldForbidden(path, detail))
  }
}

/** Upstream reports some fields at the list and not at the mount; clients see the same. */
export function validateMounts(
  container: core.v1.Container,
  volumes: Volumes,
  path: FieldPath,
  errors: FieldError[],
): void {
  const places = new Set<string>()
  const devices = container.volumeDevices ?? []
  container.volumeMounts?.forEach((mount, index) => {
    const where = path.index(index)
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount
    if (name === '') errors.push(required(where.child('name')))
    if (!volumes.has(name)) errors.push(fieldNotFound(where.child('name'), name))
    if (mountPath === '') errors.push(required(where.child('mountPath')))
    if (places.has(mountPath))
      errors.push(invalidValue(where.child('mountPath'), mountPath, 'must be unique'))
    places.add(mountPath)
    if (devices.some((device) => device.name === name))
      errors.push(invalidValue(where.child('name'), name, 'must not already exist in volumeDevices'))
    if (devices.some((device) => device.devicePath === mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices'
      errors.push(invalidValue(where.child('mountPath'), mountPath, detail))
    }
    if (subPath !== '') validateDescendingPath(subPath, path.child('subPath'), errors)
    if (subPathExpr !== '') {
      if (subPath !== '') {
        const detail = 'subPathExpr and subPath are mutually exclusive'
        errors.push(invalidValue(where.child('subPathExpr'), subPathExpr, detail))
      }
      validateDescendingPath(subPathExpr, path.child('subPathExpr'), errors)
    }
    if (mount.mountPropagation !== undefined)
      validatePropagation(mount.mountPropagation, container, path.child('mountPropagation'), errors)
    validateRecursiveReadOnly(mount, path.child('recursiveReadOnly'), errors)
  })
}

function validateDevice(
  device: core.v1.VolumeDevice,
  container: core.v1.Container,
  volumes: Volumes,
  where: FieldPath,
  errors: FieldError[],
): void {
  const { name = '', devicePath = '' } = device
  const volume = volumes.get(name)
  if (name === '') errors.push(required(where.child('name')))
  if (volume === undefined) errors.push(fieldNotFound(where.child('name'), name))
  else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
    const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
    errors.push(invalidValue(where.child('name'), name, detail))
  }
  if (devicePath === '') errors.push(required(where.child('devicePath')))
  if (devicePath.split('/').includes('..'))
    errors.push(invalidValue(where.child('devicePath'), devicePath, "can not contain backsteps ('..')"))
  const mounts = container.volumeMounts ?? []
  if (mounts.some((mount) => mount.name === name))
    errors.push(invalidValue(where.child('name'), name, 'must not already exist in volumeMounts'))
  if (mounts.some((mount) => mount.mountPath === devicePath)) {
    const detail = 'must not already exist as a path in volumeMounts'
    errors.push(invalidValue(where.child('devicePath'), devicePath, detail))
  }
}

export function validateDevices(
  container: core.v1.Container,
  volumes: Volumes,
  path: FieldPath,
  errors: FieldError[],
): void {
  const names = new Set<string>()
  const places = new Set<string>()
  container.volumeDevices?.forEach((device, index) => {
    const where = path.index(index)
    if (names.has(device.name)) errors.push(invalidValue(where.child('name'), device.name, 'must be unique'))
    if (places.has(device.devicePath))
      errors.push(invalidValue(where.child('devicePath'), device.devicePath, 'must be unique'))
    validateDevice(device, container, volumes, where, errors)
    names.add(device.name)
    places.add(device.devicePath)
  })
}
