import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required, tooLong } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Subdomain, rangeComplaint } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkText } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import { validateInlineVolumeSpec } from '../../core/persistent-volume/validate.ts'
import { validateCsiDriverName } from '../../core/pod/validation/validate-volumes.ts'
import type { storage } from '../../generated/types/index.ts'
import { carryOverMetadata } from '../../status-writes.ts'
import { mapBytes, maxMapBytes } from '../parameters.ts'

type VolumeAttachment = storage.v1.VolumeAttachment

const maxMessageBytes = 1024
const maxInt32 = 2 ** 31 - 1

function validateSource(
  { inlineVolumeSpec, persistentVolumeName: name }: storage.v1.VolumeAttachmentSource,
  path: FieldPath,
  errors: FieldError[],
): void {
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (inlineVolumeSpec === undefined && name === undefined) errors.push(required(path, detail))
  else if (inlineVolumeSpec !== undefined && name !== undefined) errors.push(fieldForbidden(path, detail))
  else if (inlineVolumeSpec !== undefined)
    validateInlineVolumeSpec(inlineVolumeSpec, path.child('inlineVolumeSpec'), errors)
  else if (name === '')
    errors.push(required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName'))
}

function validateError(
  error: storage.v1.VolumeError | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { message = '', errorCode = 0 } = error ?? {}
  if (utf8Length(message) > maxMessageBytes) errors.push(tooLong(path.child('message'), maxMapBytes))
  if (errorCode < 0)
    errors.push(invalidValue(path.child('errorCode'), errorCode, rangeComplaint(0, maxInt32)))
}

function validateStatus({ status }: VolumeAttachment, errors: FieldError[]): void {
  const path = fieldPath('status')
  if (mapBytes(status?.attachmentMetadata ?? {}) > maxMapBytes)
    errors.push(tooLong(path.child('attachmentMetadata'), maxMapBytes))
  validateError(status?.attachError, path.child('attachError'), errors)
  validateError(status?.detachError, path.child('detachError'), errors)
}

function validate(attachment: VolumeAttachment, old: VolumeAttachment | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  const spec: Partial<storage.v1.VolumeAttachmentSpec> = attachment.spec ?? {}
  validateCsiDriverName(spec.attacher, path.child('attacher'), errors)
  validateSource(spec.source ?? {}, path.child('source'), errors)
  checkText(spec.nodeName ?? '', isDns1123Subdomain, path.child('nodeName'), errors)
  validateStatus(attachment, errors)
  const volume = spec.source?.persistentVolumeName
  if (volume !== undefined)
    checkText(volume, isDns1123Subdomain, path.child('source').child('persistentVolumeName'), errors)
  if (old !== undefined) validateImmutable(attachment.spec, old.spec, path, errors)
  return errors
}

export const VolumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  resource: 'volumeattachments',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.VolumeAttachment',
  changedMetadata: ['whole'],
  resetFields: { status: ['metadata', 'spec'] },
  subresources: { status: {} },
  allowUnconditionalUpdate: false,
  returnsDeleted: true,
  prepareForCreate: (attachment) => ({ ...attachment, status: { attached: false } }),
  prepareForUpdate: carryOverMetadata,
  validate,
  columns: [
    nameColumn,
    { name: 'Attacher', type: 'string', format: 'name', value: ({ spec }) => spec?.attacher ?? '' },
    { name: 'PV', type: 'string', value: ({ spec }) => spec?.source?.persistentVolumeName ?? '' },
    { name: 'Node', type: 'string', value: ({ spec }) => spec?.nodeName ?? '' },
    { name: 'Attached', type: 'boolean', value: ({ status }) => status?.attached ?? false },
    ageColumn,
  ],
})
